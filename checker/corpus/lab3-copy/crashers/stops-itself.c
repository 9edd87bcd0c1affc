// expect: rejected
// about: Stops itself with SIGSTOP and would go on only if somebody sent SIGCONT.

#include <signal.h>

int main(void)
{
    raise(SIGSTOP);
    return 0;
}
