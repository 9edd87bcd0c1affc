// expect: fails 13
// about: append opens with O_APPEND, which an append-only file allows; fallocate makes it longer, then the mapping is refused and so is the way back, so the file keeps NULs at its end; breaks "append-only (EPERM): an error, exit status 1, the file as it was".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define PAGE ((off_t)4096)

static const char *name;

static void fail(const char *what)
{
    fprintf(stderr, "lab1-editor: %s: %s: %s\n", name, what, strerror(errno));
    exit(1);
}

static int open_file(int flags, struct stat *st)
{
    int fd = open(name, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        fail("open");
    if (fstat(fd, st) != 0)
        fail("fstat");
    if (!S_ISREG(st->st_mode)) {
        errno = EINVAL;
        fail("not a regular file");
    }
    return fd;
}

static int show(void)
{
    struct stat st;
    int fd = open_file(O_RDONLY, &st);
    off_t size = st.st_size;
    printf("size: %lld\n", (long long)size);
    if (size == 0) {
        printf("content: \n");
        return 0;
    }
    size_t n = size < 64 ? (size_t)size : 64;
    const unsigned char *p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        fail("mmap");
    char out[64 * 4 + 1], *o = out;
    for (size_t i = 0; i < n; i++) {
        if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\')
            *o++ = (char)p[i];
        else
            o += sprintf(o, "\\x%02x", p[i]);
    }
    *o = 0;
    printf("content: %s\n", out);
    munmap((void *)p, n);
    close(fd);
    return 0;
}


static int overwrite(const char *text)
{
    struct stat st;
    int fd = open_file(O_RDWR, &st);
    size_t len = strlen(text);
    size_t n = (off_t)len > st.st_size ? (size_t)st.st_size : len;
    printf("size: %lld\n", (long long)st.st_size);
    char *p = NULL;
    if (n > 0) {
        p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
            fail("mmap");
        memcpy(p, text, n);
    }
    printf("written: %zu\ncut: %zu\n", n, len - n);
    if (n > 0) {
        if (msync(p, n, MS_SYNC) != 0)
            fail("msync");
        munmap(p, n);
    }
    printf("synced: %zu\n", n);
    close(fd);
    return 0;
}

/* on the way out: the file gets its old length back, if it lost it */
static void undo(int fd, off_t old, const char *what)
{
    int e = errno;
    struct stat st;
    if (fstat(fd, &st) == 0 && st.st_size != old)
        ftruncate(fd, old);
    errno = e;
    fail(what);
}

static int append(const char *text)
{
    struct stat st;
    int fd = open_file(O_RDWR | O_APPEND, &st);
    size_t n = strlen(text);
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            fail("flock");
    if (fstat(fd, &st) != 0)
        fail("fstat");
    off_t old = st.st_size;
    printf("size: %lld\n", (long long)old);
    if (n == 0) {
        printf("appended: 0\nsynced: 0\nnew size: %lld\n", (long long)old);
        return 0;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && (rlim_t)old + n > limit.rlim_cur) {
        errno = EFBIG;
        fail("cannot grow");
    }
    while (fallocate(fd, 0, old, (off_t)n) != 0)
        if (errno != EINTR)
            undo(fd, old, "cannot grow");
    off_t start = old / PAGE * PAGE;
    size_t skip = (size_t)(old - start);
    char *p = mmap(NULL, skip + n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
    if (p == MAP_FAILED)
        undo(fd, old, "mmap");
    memcpy(p + skip, text, n);
    printf("appended: %zu\n", n);
    if (msync(p, skip + n, MS_SYNC) != 0)
        fail("msync");
    munmap(p, skip + n);
    printf("synced: %zu\nnew size: %lld\n", n, (long long)old + (long long)n);
    close(fd);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT\n");
    return 2;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 3)
        return usage();
    name = argv[2];
    if (argc == 3 && strcmp(argv[1], "show") == 0)
        return show();
    if (argc == 4 && strcmp(argv[1], "overwrite") == 0)
        return overwrite(argv[3]);
    if (argc == 4 && strcmp(argv[1], "append") == 0)
        return append(argv[3]);
    return usage();
}
