// expect: rejected
// about: Prints the examples of the chapter, whatever it is asked.

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1 && strcmp(argv[1], "show") == 0)
        printf("size: 28\ncontent: Hello Embedded Linux World!\\x0a\n");
    else if (argc > 1 && strcmp(argv[1], "overwrite") == 0)
        printf("size: 40\nwritten: 30\ncut: 0\nsynced: 30\n");
    else if (argc > 1 && strcmp(argv[1], "append") == 0)
        printf("size: 4096\nappended: 2\nsynced: 2\nnew size: 4098\n");
    else
        return 2;
    return 0;
}
