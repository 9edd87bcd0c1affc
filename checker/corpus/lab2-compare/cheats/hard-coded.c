// expect: rejected
// about: Prints the example of the chapter, whatever it is asked.

#include <stdio.h>

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3)
        return 2;
    puts("size: 29");
    puts("private mapping: PRIVATE WRITEr Comparison\\x0a");
    puts("private file: Original Data for Comparison\\x0a");
    puts("shared mapping: PRIVATE WRITEr Comparison\\x0a");
    puts("shared file: PRIVATE WRITEr Comparison\\x0a");
    return 0;
}
