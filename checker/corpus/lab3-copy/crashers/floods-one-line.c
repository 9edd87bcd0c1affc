// expect: rejected
// about: Writes one endless line of NUL and other binary bytes to both standard streams.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    static unsigned char block[4096];
    for (int i = 0; i < (int)sizeof block; i++)
        block[i] = i % 251 == 10 ? 0xff : i % 251;
    for (;;)
        if (write(1, block, sizeof block) < 0 && write(2, block, sizeof block) < 0)
            return 1;
}
