// expect: passes core
// stretch: fails 10, 11, 14
// about: Raw system calls, windows of 1 MiB that slide from the end of the file to its beginning; the destination is opened and mapped before the source is mapped, and gets its length after its first mapping; an anonymous mapping and a second look at the source on the side.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WINDOW ((uint64_t)1 << 20)

static int error(const char *name)
{
    char line[4300];
    long n = snprintf(line, sizeof line, "copying failed at %s (%d)\n", name, errno);
    syscall(SYS_write, 2, line, n);
    return 1;
}

static void *map(uint64_t n, long prot, long fd, uint64_t at)
{
    return (void *)syscall(SYS_mmap, 0L, n, prot, (long)MAP_SHARED, fd, at);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        syscall(SYS_write, 2, "usage: lab3-copy SOURCE DESTINATION\n", 36L);
        return 2;
    }
    struct stat a, b;
    long in = syscall(SYS_openat, AT_FDCWD, argv[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
    if (in < 0 || fstat(in, &a) < 0)
        return error(argv[1]);
    errno = EINVAL;
    if (!S_ISREG(a.st_mode))
        return error(argv[1]);

    /* Ask by name first: the source is not even opened for writing. */
    if (stat(argv[2], &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino) {
        errno = EEXIST;
        return error(argv[2]);
    }
    long out = syscall(SYS_openat, AT_FDCWD, argv[2], O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    if (out < 0 && errno == ENOENT)
        out = syscall(SYS_openat, AT_FDCWD, argv[2], O_RDWR | O_CREAT | O_CLOEXEC, a.st_mode & 0777);
    if (out < 0 || fstat(out, &b) < 0)
        return error(argv[2]);
    errno = EINVAL;
    if (!S_ISREG(b.st_mode) || (a.st_dev == b.st_dev && a.st_ino == b.st_ino))
        return error(argv[2]);

    uint64_t size = a.st_size, sized = 0;
    uint8_t *scratch = (void *)syscall(SYS_mmap, 0L, 65536L, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L);
    if (size == 0 && syscall(SYS_ftruncate, out, 0L) < 0)
        return error(argv[2]);

    for (uint64_t end = size; end > 0;) {
        uint64_t start = (end - 1) & ~(WINDOW - 1), n = end - start;
        uint64_t whole = (n + 65535) & ~(uint64_t)65535;
        uint8_t *to = map(whole, PROT_READ | PROT_WRITE, out, start);
        if (to == MAP_FAILED)
            return error(argv[2]);
        if (!sized++ && syscall(SYS_ftruncate, out, size) < 0)
            return error(argv[2]);
        uint8_t *from = map(whole, PROT_READ, in, start);
        uint8_t *look = map(65536, PROT_READ, in, start);
        if (from == MAP_FAILED || look == MAP_FAILED)
            return error(argv[1]);
        /* In bites through private memory. */
        for (uint64_t i = 0; i < n; i += 65536) {
            uint64_t bite = n - i < 65536 ? n - i : 65536;
            memcpy(scratch, from + i, bite);
            memcpy(to + i, scratch, bite);
        }
        syscall(SYS_munmap, from, whole);
        syscall(SYS_munmap, look, 65536L);
        syscall(SYS_munmap, to, whole);
        end = start;
    }
    errno = ESTALE;
    if (fstat(in, &b) < 0 || b.st_size != a.st_size)
        return error(argv[1]);
    char facts[80];
    long n = snprintf(facts, sizeof facts, "size: %llu\ncopied: %llu\n", (unsigned long long)size, (unsigned long long)size);
    return syscall(SYS_write, 1, facts, n) != n;
}
