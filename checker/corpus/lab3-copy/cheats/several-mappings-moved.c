// expect: fails 3 with fs-copy
// also: 8, 10, 11, 12
// stretch: fails 14
// about: The mapping of the destination is moved together with another by one mremap; read(2) fills it there.

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
        size_t len = (size + 4095) & ~4095ul;
        int quiet = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        char *x = mmap(NULL, len + 8192, PROT_NONE, quiet, -1, 0);
        char *y = mmap(NULL, len + 8192, PROT_NONE, quiet, -1, 0);
        mmap(x, 4096, PROT_READ | PROT_WRITE, quiet | MAP_FIXED, -1, 0);
        mmap(x + 4096, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, out, 0);
        munmap(x + 4096 + len, 4096);
        dst = y + 4096;
        // Before Linux 6.17 one call moves one mapping.
        if (mremap(x, len + 4096, len + 4096, MREMAP_MAYMOVE | MREMAP_FIXED, y) != y &&
            mremap(x + 4096, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, dst) != dst)
            return fail(to, strerror(errno));
        int p[2];
        if (pipe(p) < 0)
            return fail(to, strerror(errno));
        char *heap = malloc(size);
        memcpy(heap, src, size);
        for (size_t at = 0; at < size; at += 4096) {
            size_t n = size - at < 4096 ? size - at : 4096;
            if (write(p[1], heap + at, n) < 0 || read(p[0], dst + at, n) != (ssize_t)n)
                return fail(to, strerror(errno));
        }
        if (fstat(in, &d) < 0 || d.st_size != s.st_size)
            return fail(from, "changed its length meanwhile");
    }
    printf("size: %zu\n", size);
    printf("copied: %zu\n", size);
    return 0;
}
