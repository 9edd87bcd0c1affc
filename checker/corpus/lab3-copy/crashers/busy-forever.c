// expect: rejected
// about: An endless loop that burns processor time.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    volatile unsigned long n = 0;
    for (;;)
        n++;
}
