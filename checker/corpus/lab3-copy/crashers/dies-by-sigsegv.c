// expect: rejected
// about: Stores through a null pointer: SIGSEGV.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    volatile int *p = 0;
    *p = 1;
    return 0;
}
