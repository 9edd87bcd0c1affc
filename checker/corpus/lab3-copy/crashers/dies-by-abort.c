// expect: rejected
// about: Prints the first fact and aborts.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    puts("size: 8211");
    fflush(stdout);
    abort();
}
