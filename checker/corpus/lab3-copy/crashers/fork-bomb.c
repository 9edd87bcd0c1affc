// expect: rejected
// about: A fork bomb with a bottom: children have children, 300 at the most, each sleeps for a minute. Run it only under a limit of processes.

#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    while (__sync_add_and_fetch(count, 1) <= 300)
        if (fork() < 0)
            break;
    sleep(60);
    return 0;
}
