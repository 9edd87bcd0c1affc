// expect: rejected
// about: Prints the example of the chapter, whatever it is asked.

#include <stdio.h>

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3)
        return 2;
    puts("size: 8211");
    puts("copied: 8211");
    return 0;
}
