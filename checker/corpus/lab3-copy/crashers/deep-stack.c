// expect: rejected
// about: Recurses until the stack is at its end: SIGSEGV, for which no frame is left.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    volatile char frame[4096];
    frame[0] = 1;
    return main() + frame[0];
}
