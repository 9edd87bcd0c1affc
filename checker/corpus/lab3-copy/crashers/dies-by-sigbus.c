// expect: rejected
// about: Touches a mapped page behind the end of its own empty scratch file: SIGBUS.

#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
    FILE *f = tmpfile();
    volatile char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
    printf("size: ");
    fflush(stdout);
    p[0] = 1;
    return 0;
}
