// expect: fails 7 with printed-before-looking
// about: The file is read before each `mapping` line, and for the `file` line again only if its modification time has changed since; a store by another process through a shared mapping whose page it has already dirtied does not change that time, so the change is not shown. A change by write or pwrite is.
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

/* what the file held when we looked last, and its time stamp then */
static unsigned char seen[64];
static size_t seen_len;
static struct timespec seen_at;

static void look(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        die("stat", errno);
    seen_at = st.st_mtim;
    seen_len = 0;
    while (seen_len < sizeof seen) {
        ssize_t r = pread(fd, seen + seen_len, sizeof seen - seen_len, seen_len);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            die("read", errno);
        if (r == 0)
            break;
        seen_len += r;
    }
}

static void show_file(const char *label, int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        die("stat", errno);
    if (st.st_mtim.tv_sec != seen_at.tv_sec || st.st_mtim.tv_nsec != seen_at.tv_nsec)
        look(fd);
    show(label, seen, seen_len);
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
    size_t len = n > 64 ? n : 64;
    if ((off_t)len > st.st_size)
        len = st.st_size;

    unsigned char *priv = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (priv == MAP_FAILED)
        die("private mmap", errno);
    memcpy(priv, text, n);
    look(fd);
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
    look(fd);
    show("shared mapping", sh, len);
    show_file("shared file", fd);
    munmap(sh, len);
    return 0;
}
