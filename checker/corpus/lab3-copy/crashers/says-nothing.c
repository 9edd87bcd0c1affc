// expect: rejected
// about: Exits 0 at once and prints nothing.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    return 0;
}
