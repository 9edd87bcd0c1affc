// expect: fails 1, 10
// about: clause 1 "When the line `private mapping` is printed ... no writable shared mapping of it has been made": before the private mapping it makes a shared read-only window, makes it writable for a moment with pkey_mprotect to find out whether the file may be written, and takes the right away again.
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

    /* can it be written? ask now, complain later */
    int why = 0;
    int wfd = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (wfd < 0)
        why = errno;
    unsigned char *shared = mmap(NULL, need, PROT_READ, MAP_SHARED, wfd < 0 ? fd : wfd, 0);
    if (shared == MAP_FAILED)
        return fail("mmap", errno);
    if (syscall(SYS_pkey_mprotect, shared, need, PROT_READ | PROT_WRITE, -1) < 0)
        why = errno;
    else
        syscall(SYS_pkey_mprotect, shared, need, PROT_READ, -1);

    unsigned char *priv = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (priv == MAP_FAILED)
        return fail("private mmap", errno);
    memcpy(priv, text, n);
    show("private mapping", priv, shown);
    show("private file", buf, look(fd, buf, shown));
    munmap(priv, need);
    if (why)
        return fail("open for writing", why);
    if (mprotect(shared, need, PROT_READ | PROT_WRITE) < 0)
        return fail("mprotect", errno);
    memcpy(shared, text, n);
    show("shared mapping", shared, shown);
    show("shared file", buf, look(fd, buf, shown));
    munmap(shared, need);
    return 0;
}
