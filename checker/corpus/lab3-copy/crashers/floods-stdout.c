// expect: rejected
// about: Writes to standard output without end.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    static char block[65536];
    for (int i = 0; i < (int)sizeof block; i++)
        block[i] = i % 64 == 63 ? '\n' : 'x';
    while (write(1, block, sizeof block) > 0)
        ;
    for (;;)
        pause();
}
