// expect: rejected
// about: Blocks and ignores every signal that can be ignored, closes no descriptor, and waits for two minutes.

#include <signal.h>
#include <unistd.h>

int main(void)
{
    sigset_t all;
    for (int s = 1; s < 65; s++)
        signal(s, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, 0);
    for (int left = 120; left > 0;)
        left = sleep(left);
    return 0;
}
