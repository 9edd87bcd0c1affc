// expect: rejected
// about: Ignores SIGTERM, SIGINT and SIGHUP, leaves a daemon in a session of its own that holds standard output open for two minutes, prints a fact and exits 0.

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (int left = 120; left > 0;)
                left = sleep(left);
        }
        _exit(0);
    }
    write(1, "size: 0\n", 8);
    return 0;
}
