// expect: fails 1, 2, 3, 5, 6 with too-many-calls
// also: 8, 10, 11, 12, 13, 14
// about: More calls than are recorded; behind them the source is mapped for writing.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *name, const char *why)
{
    fprintf(stderr, "lab3-copy: %s: %s\n", name, why);
    return 1;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3) {
        fprintf(stderr, "usage: lab3-copy SOURCE DESTINATION\n");
        return 2;
    }
    const char *from = argv[1], *to = argv[2];
    struct stat s, d;

    int in = open(from, O_RDONLY | O_NONBLOCK);
    if (in < 0 || fstat(in, &s) < 0)
        return fail(from, strerror(errno));
    if (!S_ISREG(s.st_mode))
        return fail(from, "not a regular file");
    size_t size = s.st_size;
    char *src = NULL, *dst = NULL;
    if (size > 0) {
        src = mmap(NULL, size, PROT_READ, MAP_SHARED, in, 0);
        if (src == MAP_FAILED)
            return fail(from, strerror(errno));
    }

    int out = open(to, O_RDWR | O_CREAT | O_NONBLOCK, s.st_mode & 0777);
    if (out < 0 || fstat(out, &d) < 0)
        return fail(to, strerror(errno));
    if (!S_ISREG(d.st_mode))
        return fail(to, "not a regular file");
    if (s.st_dev == d.st_dev && s.st_ino == d.st_ino)
        return fail(to, "is the source itself");

    if (ftruncate(out, size) < 0)
        return fail(to, strerror(errno));
    if (size > 0) {
        dst = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
        if (dst == MAP_FAILED)
            return fail(to, strerror(errno));
        memcpy(dst, src, size);
        if (fstat(in, &d) < 0 || d.st_size != s.st_size)
            return fail(from, "changed its length meanwhile");
    }
    for (int i = 0; i < 5200; i++)
        munmap((void *)4096, 4096);
    if (src) {
        int w = open(from, O_RDWR);
        char *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, w, 0);
        if (m != MAP_FAILED)
            munmap(m, size);
    }
    printf("size: %zu\n", size);
    printf("copied: %zu\n", size);
    return 0;
}
