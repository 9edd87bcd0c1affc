// expect: fails 3 with whole-mapping-copied
// stretch: fails 8, 9
// about: Every page of the private mapping is copied; a child that stores the text alone stands by.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fact(const char *what, const unsigned char *p, size_t n)
{
    printf("%s: ", what);
    for (size_t i = 0; i < n && i < 64; i++) {
        if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '\\')
            printf("\\x%02x", p[i]);
        else
            putchar(p[i]);
    }
    putchar('\n');
}

static int sorry(const char *file, const char *why)
{
    fprintf(stderr, "lab2-compare: %s: %s\n", file, why);
    return 1;
}

int main(int argc, char **argv)
{
    unsigned char now[64];
    struct stat st;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3) {
        fprintf(stderr, "usage: lab2-compare FILE TEXT\n");
        return 2;
    }
    const char *file = argv[1], *text = argv[2];
    int fd = open(file, O_RDWR | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return sorry(file, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return sorry(file, "not a regular file");

    size_t size = st.st_size, n = strlen(text);
    if (n > size)
        n = size;
    printf("size: %zu\n", size);
    if (size == 0) {
        fact("private mapping", NULL, 0);
        fact("private file", NULL, 0);
        fact("shared mapping", NULL, 0);
        fact("shared file", NULL, 0);
        return 0;
    }

    unsigned char *own = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (own == MAP_FAILED)
        return sorry(file, strerror(errno));
    int go[2], ready[2];
    char c;
    if (pipe(go) < 0 || pipe(ready) < 0)
        return sorry(file, strerror(errno));
    pid_t kid = fork();
    if (kid == 0) {
        memcpy(own, text, n);
        write(ready[1], "x", 1);
        read(go[0], &c, 1);
        _exit(0);
    }
    read(ready[0], &c, 1);
    for (size_t i = 0; i < size; i++)
        ((volatile unsigned char *)own)[i] = own[i];
    memcpy(own, text, n);
    fact("private mapping", own, size);
    ssize_t got = pread(fd, now, sizeof now, 0);
    if (got < 0)
        return sorry(file, strerror(errno));
    fact("private file", now, got);
    write(go[1], "x", 1);
    waitpid(kid, NULL, 0);
    munmap(own, size);

    unsigned char *common = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (common == MAP_FAILED)
        return sorry(file, strerror(errno));
    memcpy(common, text, n);
    fact("shared mapping", common, size);
    got = pread(fd, now, sizeof now, 0);
    if (got < 0)
        return sorry(file, strerror(errno));
    fact("shared file", now, got);
    munmap(common, size);
    return 0;
}
