// expect: rejected
// about: Sleeps and never wakes up.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    for (;;)
        pause();
}
