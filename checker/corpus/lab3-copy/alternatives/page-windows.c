// expect: passes core
// stretch: fails 10, 11, 14
// about: One page at a time: both files are mapped, the page is copied, advised about, synced and unmapped, thousands of times for a large file.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *name)
{
    fprintf(stderr, "%s: %s\n", name, strerror(errno));
    return 1;
}

static int refuse(const char *name, int number)
{
    errno = number;
    return fail(name);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: page-windows SOURCE DESTINATION\n", stderr);
        return 2;
    }
    const char *source = argv[1], *destination = argv[2];
    struct stat from, to;
    int in = open(source, O_RDONLY | O_NONBLOCK);
    if (in < 0 || fstat(in, &from) < 0)
        return fail(source);
    if (!S_ISREG(from.st_mode))
        return refuse(source, EINVAL);
    int out = open(destination, O_RDWR | O_CREAT | O_NONBLOCK, from.st_mode & 0777);
    if (out < 0 || fstat(out, &to) < 0)
        return fail(destination);
    if (!S_ISREG(to.st_mode))
        return refuse(destination, EINVAL);
    if (from.st_ino == to.st_ino && from.st_dev == to.st_dev)
        return refuse(destination, EEXIST);
    if (ftruncate(out, from.st_size) < 0)
        return fail(destination);

    long page = sysconf(_SC_PAGESIZE);
    for (off_t at = 0; at < from.st_size; at += page) {
        size_t n = from.st_size - at < page ? from.st_size - at : page;
        char *a = mmap(NULL, n, PROT_READ, MAP_SHARED, in, at);
        if (a == MAP_FAILED)
            return fail(source);
        char *b = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, out, at);
        if (b == MAP_FAILED || madvise(b, n, MADV_SEQUENTIAL) < 0)
            return fail(destination);
        memcpy(b, a, n);
        if (msync(b, n, MS_SYNC) < 0)
            return fail(destination);
        munmap(b, n);
        munmap(a, n);
    }
    if (fstat(in, &to) < 0 || to.st_size != from.st_size)
        return refuse(source, ESTALE);
    printf("size: %lld\ncopied: %lld\n", (long long)from.st_size, (long long)from.st_size);
    return fflush(stdout) != 0;
}
