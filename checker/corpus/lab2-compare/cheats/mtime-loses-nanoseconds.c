// expect: fails 2
// about: clause 2 "the modification time is the old one": a student who wants to leave no trace puts the time stamps back after the first look at the file, with utimes(), which knows microseconds only; at the line `private mapping` the modification time is up to 999 ns earlier than the old one.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *name;

static int fail(const char *what, int err)
{
    fprintf(stderr, "lab2-compare: %s: %s: %s\n", name, what, strerror(err));
    return 1;
}

static void show(const char *label, const unsigned char *p, size_t n)
{
    printf("%s: ", label);
    for (size_t i = 0; i < n; i++) {
        if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\')
            putchar(p[i]);
        else
            printf("\\x%02x", p[i]);
    }
    putchar('\n');
}

static size_t look(int fd, unsigned char *buf, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t r = pread(fd, buf + got, n - got, got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            break;
        got += r;
    }
    return got;
}
#include <sys/time.h>

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3) {
        fprintf(stderr, "usage: lab2-compare FILE TEXT\n");
        return 2;
    }
    name = argv[1];
    const char *text = argv[2];
    size_t len = strlen(text);
    unsigned char buf[64];

    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail("open", errno);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail("stat", errno);
    if (!S_ISREG(st.st_mode))
        return fail("not a regular file", EINVAL);
    size_t size = st.st_size;
    size_t n = len < size ? len : size;         /* bytes to store */
    size_t shown = size < 64 ? size : 64;       /* bytes to show */
    size_t need = n > shown ? n : shown;        /* bytes to map */

    printf("size: %zu\n", size);
    if (size == 0) {
        show("private mapping", buf, 0);
        show("private file", buf, 0);
        show("shared mapping", buf, 0);
        show("shared file", buf, 0);
        return 0;
    }

    /* looking at the file changes its access time: put the stamps back */
    look(fd, buf, shown);
    struct timeval stamps[2] = {
        { st.st_atim.tv_sec, st.st_atim.tv_nsec / 1000 },
        { st.st_mtim.tv_sec, st.st_mtim.tv_nsec / 1000 },
    };
    futimes(fd, stamps);

    unsigned char *priv = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (priv == MAP_FAILED)
        return fail("private mmap", errno);
    memcpy(priv, text, n);
    show("private mapping", priv, shown);
    show("private file", buf, look(fd, buf, shown));
    munmap(priv, need);
    int wfd = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (wfd < 0)
        return fail("open for writing", errno);
    unsigned char *shared = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_SHARED, wfd, 0);
    if (shared == MAP_FAILED)
        return fail("shared mmap", errno);
    memcpy(shared, text, n);
    show("shared mapping", shared, shown);
    show("shared file", buf, look(fd, buf, shown));
    munmap(shared, need);
    return 0;
}
