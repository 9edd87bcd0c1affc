// expect: fails 3
// about: The private store copies TEXT with its NUL and repairs the byte after it; if TEXT is exactly one or more whole pages long and FILE longer, that byte lies on the next page, which so becomes an own copy too ("and no other page of it is").
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name;

static void die(const char *what, int e)
{
    fprintf(stderr, "lab2-compare: %s: %s: %s\n", name, what, strerror(e));
    exit(1);
}

static void show(const char *label, const unsigned char *p, size_t n)
{
    if (n > 64)
        n = 64;
    printf("%s: ", label);
    for (size_t i = 0; i < n; i++)
        if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\')
            putchar(p[i]);
        else
            printf("\\x%02x", p[i]);
    putchar('\n');
}

static void show_file(const char *label, int fd)
{
    unsigned char b[64];
    size_t have = 0;
    while (have < sizeof b) {
        ssize_t r = pread(fd, b + have, sizeof b - have, have);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            die("read", errno);
        if (r == 0)
            break;
        have += r;
    }
    show(label, b, have);
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
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        die("open", errno);
    struct stat st;
    if (fstat(fd, &st) < 0)
        die("stat", errno);
    if (!S_ISREG(st.st_mode)) {
        fprintf(stderr, "lab2-compare: %s: not a regular file\n", name);
        return 1;
    }
    printf("size: %lld\n", (long long)st.st_size);
    if (st.st_size == 0) {
        show("private mapping", NULL, 0);
        show("private file", NULL, 0);
        show("shared mapping", NULL, 0);
        show("shared file", NULL, 0);
        return 0;
    }
    size_t n = strlen(text);
    if ((off_t)n > st.st_size)
        n = st.st_size;
    size_t len = n + 1 > 64 ? n + 1 : 64;
    if ((off_t)len > st.st_size)
        len = st.st_size;

    unsigned char *priv = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (priv == MAP_FAILED)
        die("private mmap", errno);
    /* strcpy semantics, where there is room for the NUL; then repair the byte it hit */
    if (n > 0 && (off_t)n < st.st_size) {
        unsigned char hit = priv[n];
        memcpy(priv, text, n + 1);
        priv[n] = hit;
    } else
        memcpy(priv, text, n);
    show("private mapping", priv, len);
    show_file("private file", fd);
    munmap(priv, len);

    int wfd = open(name, O_RDWR | O_CLOEXEC);
    if (wfd < 0)
        die("cannot be opened for writing", errno);
    unsigned char *sh = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, wfd, 0);
    if (sh == MAP_FAILED)
        die("shared mmap", errno);
    memcpy(sh, text, n);
    show("shared mapping", sh, len);
    show_file("shared file", fd);
    munmap(sh, len);
    return 0;
}
