// expect: passes
// about: Every clause in C: a record lock of the open file description, fallocate before the stores, one mapping from the first changed page to the last.

#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path;

static int take(int flags, struct stat *st)
{
    int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, st))
        err(1, "%s", path);
    if (!S_ISREG(st->st_mode))
        errx(1, "%s: not a regular file", path);
    if (flags == O_RDWR) {
        struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        while (fcntl(fd, F_OFD_SETLKW, &all))
            if (errno != EINTR)
                err(1, "%s: lock", path);
        if (fstat(fd, st))
            err(1, "%s", path);
    }
    return fd;
}

/* Stores and syncs; says what went wrong, or 0. */
static int store(int fd, off_t at, const char *bytes, size_t n)
{
    off_t mask = sysconf(_SC_PAGESIZE) - 1, from = at & ~mask;
    size_t lead = at - from, span = lead + n;
    char *p = mmap(0, span, PROT_READ | PROT_WRITE, MAP_SHARED, fd, from);
    if (p == MAP_FAILED)
        return errno;
    memcpy(p + lead, bytes, n);
    int e = msync(p, span, MS_SYNC) ? errno : 0;
    munmap(p, span);
    return e;
}

static void show(void)
{
    struct stat st;
    int fd = take(O_RDONLY, &st);
    size_t n = st.st_size < 64 ? st.st_size : 64;
    unsigned char *p = NULL;
    if (n && (p = mmap(0, n, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED)
        err(1, "%s: mmap", path);
    printf("size: %jd\n", (intmax_t)st.st_size);
    char line[4 * 64 + 1] = "", *o = line;
    for (size_t i = 0; i < n; i++)
        o += sprintf(o, p[i] == '\\' || p[i] < ' ' || p[i] > '~' ? "\\x%02x" : "%c", p[i]);
    printf("content: %s\n", line);
}

static void overwrite(const char *text)
{
    struct stat st;
    int fd = take(O_RDWR, &st);
    size_t all = strlen(text), n = all;
    if ((off_t)n > st.st_size)
        n = st.st_size;
    int e = n ? store(fd, 0, text, n) : 0;
    if (e) {
        errno = e;
        err(1, "%s", path);
    }
    printf("size: %jd\nwritten: %zu\ncut: %zu\nsynced: %zu\n", (intmax_t)st.st_size, n, all - n, n);
}

static void append(const char *text)
{
    struct stat st;
    int fd = take(O_RDWR, &st);
    size_t n = strlen(text);
    off_t old = st.st_size;
    if (n) {
        int e = 0;
        if (fallocate(fd, 0, old, n) && ((e = errno) == EOPNOTSUPP || e == ENOSYS))
            e = ftruncate(fd, old + n) ? errno : 0;
        if (!e)
            e = store(fd, old, text, n);
        if (e) {
            if (fstat(fd, &st) == 0 && st.st_size != old)
                ftruncate(fd, old);
            errno = e;
            err(1, "%s", path);
        }
    }
    printf("size: %jd\nappended: %zu\nsynced: %zu\nnew size: %jd\n", (intmax_t)old, n, n, (intmax_t)old + (intmax_t)n);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGXFSZ, SIG_IGN);
    path = argc > 2 ? argv[2] : "";
    if (argc == 3 && !strcmp(argv[1], "show"))
        show();
    else if (argc == 4 && !strcmp(argv[1], "overwrite"))
        overwrite(argv[3]);
    else if (argc == 4 && !strcmp(argv[1], "append"))
        append(argv[3]);
    else
        errx(2, "usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT");
    return 0;
}
