// expect: rejected
// about: Stops the process that watches it by a signal.

#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void){ int r = kill(getppid(), SIGSTOP); perror("stop"); printf("%d\n", r); return 0; }
