// expect: fails 0
// about: Error lines are composed in a buffer of 200 bytes; a FILE with a long path (a name of 220 letters, a deep folder) is cut off inside it. Breaks "An error ... contains the name of the file that it is about, as the command line gave it" (word of clause 0).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static size_t page;

static int complain(const char *file, const char *what, int err)
{
    char line[200];
    snprintf(line, sizeof line, "lab1-editor: %s: %s: %s", file, what, strerror(err));
    fprintf(stderr, "%s\n", line);
    return 1;
}

static int usage(void)
{
    fprintf(stderr, "usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT\n");
    return 2;
}

/* Opens FILE, which has to be a regular one, without waiting for anybody. */
static int open_regular(const char *file, int flags, struct stat *st)
{
    int fd = open(file, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        complain(file, "open", errno);
        return -1;
    }
    if (fstat(fd, st) < 0) {
        complain(file, "fstat", errno);
        close(fd);
        return -1;
    }
    if (!S_ISREG(st->st_mode)) {
        complain(file, "not a regular file", EINVAL);
        close(fd);
        return -1;
    }
    return fd;
}

static void print_content(const unsigned char *p, size_t n)
{
    char line[64 * 4 + 16];
    size_t k = 0;
    for (size_t i = 0; i < n && i < 64; i++) {
        if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\')
            line[k++] = p[i];
        else
            k += sprintf(line + k, "\\x%02x", p[i]);
    }
    line[k] = 0;
    printf("content: %s\n", line);
}

static int show(const char *file)
{
    struct stat st;
    int fd = open_regular(file, O_RDONLY, &st);
    if (fd < 0)
        return 1;
    size_t n = st.st_size < 64 ? st.st_size : 64;
    const unsigned char *p = NULL;
    if (n > 0) {
        p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
            return complain(file, "mmap", errno);
    }
    printf("size: %lld\n", (long long)st.st_size);
    print_content(p, n);
    return 0;
}

static int overwrite(const char *file, const char *text)
{
    struct stat st;
    int fd = open_regular(file, O_RDWR, &st);
    if (fd < 0)
        return 1;
    size_t len = strlen(text);
    size_t n = (off_t)len < st.st_size ? len : (size_t)st.st_size;
    char *p = NULL;
    if (n > 0) {
        p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
            return complain(file, "mmap", errno);
    }
    printf("size: %lld\n", (long long)st.st_size);
    if (n > 0)
        memcpy(p, text, n);
    printf("written: %zu\ncut: %zu\n", n, len - n);
    if (n > 0 && msync(p, n, MS_SYNC) < 0)
        return complain(file, "msync", errno);
    printf("synced: %zu\n", n);
    return 0;
}

/* Makes the file longer and gets room for the new bytes; undoes it if there is none. */
static int grow(int fd, off_t old, size_t len)
{
    int r;
    do
        r = fallocate(fd, 0, old, len);
    while (r < 0 && errno == EINTR);
    if (r < 0) {
        int err = errno;
        struct stat st;
        if (fstat(fd, &st) == 0 && st.st_size != old)
            ftruncate(fd, old);
        errno = err;
    }
    return r;
}

static int append(const char *file, const char *text)
{
    struct stat st;
    int fd = open_regular(file, O_RDWR, &st);
    if (fd < 0)
        return 1;
    size_t len = strlen(text);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return complain(file, "flock", errno);
    if (fstat(fd, &st) < 0)
        return complain(file, "fstat", errno);
    off_t old = st.st_size;
    printf("size: %lld\n", (long long)old);
    if (len > 0) {
        if (grow(fd, old, len) < 0)
            return complain(file, "cannot grow", errno);
        off_t start = old - old % page;
        size_t skip = old - start;
        char *p = mmap(NULL, skip + len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
        if (p == MAP_FAILED) {
            int err = errno;
            ftruncate(fd, old);
            return complain(file, "mmap", err);
        }
        memcpy(p + skip, text, len);
        printf("appended: %zu\n", len);
        if (msync(p, skip + len, MS_SYNC) < 0)
            return complain(file, "msync", errno);
    } else {
        printf("appended: 0\n");
    }
    printf("synced: %zu\nnew size: %lld\n", len, (long long)old + (long long)len);
    return 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    page = sysconf(_SC_PAGESIZE);
    if (argc == 3 && strcmp(argv[1], "show") == 0)
        return show(argv[2]);
    if (argc == 4 && strcmp(argv[1], "overwrite") == 0)
        return overwrite(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "append") == 0)
        return append(argv[2], argv[3]);
    return usage();
}
