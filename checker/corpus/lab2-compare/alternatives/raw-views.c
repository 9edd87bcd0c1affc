// expect: passes core
// stretch: fails 10
// shows: lines-held-back
// about: Raw system calls; the file is looked at through a third, read-only shared mapping that stands from the beginning; mapped read-only first and made writable by mprotect; only the bytes needed are mapped; lines leave in pieces; both mappings stand until the end.

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

static const char *file;

static void put(const char *s, size_t n)
{
    while (n > 0) {
        long w = syscall(SYS_write, 1, s, n);
        if (w <= 0)
            return;
        s += w;
        n -= w;
    }
}

static void tell(const char *what, const volatile uint8_t *p, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    put(what, strlen(what));
    put(":", 1);
    for (size_t i = 0; i < n; i++) {
        uint8_t b = p[i];
        char out[5] = { ' ', '\\', 'x', digit[b >> 4], digit[b & 15] };
        if (i == 0)
            put(out, 1);
        if (b >= 0x20 && b <= 0x7e && b != 0x5c)
            put((char *)&b, 1);
        else
            put(out + 1, 4);
    }
    put("\n", 1);
}

static int give_up(void)
{
    char line[4400];
    int n = snprintf(line, sizeof line, "%s: error %d\n", file, errno);
    syscall(SYS_write, 2, line, n);
    return 1;
}

static uint8_t *map(size_t n, int flags, int fd)
{
    return (uint8_t *)syscall(SYS_mmap, 0L, n, (long)PROT_READ, (long)flags, (long)fd, 0L);
}

int main(int argc, char **argv)
{
    struct stat st;
    char size_line[40];
    uint8_t *view = NULL, *a = NULL, *b = NULL;

    if (argc != 3) {
        static const char u[] = "usage: lab2-compare FILE TEXT\n";
        syscall(SYS_write, 2, u, sizeof u - 1);
        return 2;
    }
    file = argv[1];
    int fd = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return give_up();
    fstat(fd, &st);
    errno = EINVAL;
    if ((st.st_mode & S_IFMT) != S_IFREG)
        return give_up();

    size_t n = strlen(argv[2]);
    if (n > st.st_size)
        n = st.st_size;
    size_t look = st.st_size < 64 ? st.st_size : 64;
    size_t length = n > look ? n : look;

    if (length > 0) {
        view = map(length, MAP_SHARED, fd);
        a = map(length, MAP_PRIVATE, fd);
        if (view == MAP_FAILED || a == MAP_FAILED)
            return give_up();
        if (n > 0 || 1)
            if (syscall(SYS_mprotect, a, length, PROT_READ | PROT_WRITE) < 0)
                return give_up();
        for (size_t i = 0; i < n; i++)
            ((volatile uint8_t *)a)[i] = argv[2][i];
    }
    put(size_line, snprintf(size_line, sizeof size_line, "size: %lld\n", (long long)st.st_size));
    tell("private mapping", a, look);
    tell("private file", view, look);

    if (length > 0) {
        int rw = syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_NONBLOCK, 0);
        if (rw < 0)
            return give_up();
        b = map(length, MAP_SHARED, rw);
        syscall(SYS_close, rw);
        if (b == MAP_FAILED || syscall(SYS_mprotect, b, length, PROT_READ | PROT_WRITE) < 0)
            return give_up();
        for (size_t i = n; i-- > 0;)
            ((volatile uint8_t *)b)[i] = argv[2][i];
    }
    tell("shared mapping", b, look);
    tell("shared file", view, look);
    return 0;
}
