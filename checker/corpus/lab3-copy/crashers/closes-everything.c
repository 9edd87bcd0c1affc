// expect: rejected
// about: Closes its standard streams and exits 0.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    for (int fd = 0; fd < 256; fd++)
        close(fd);
    _exit(0);
}
