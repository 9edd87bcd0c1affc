// expect: passes
// about: Two shared writable views of the same pages: the text is stored through the first with non-temporal stores (movnti), that view is unmapped, and msync goes over the second, a page at a time. A view begins as the first page of the file and is moved to the pages in question by remap_file_pages. The file grows by ftruncate and then fallocate.

#define _GNU_SOURCE
#include <emmintrin.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096UL

static int failed(const char *file, const char *what)
{
    int e = errno;
    char *line;
    int n = asprintf(&line, "%s: %s: %s\n", what, file, strerrordesc_np(e));
    if (n > 0)
        write(STDERR_FILENO, line, n);
    return EXIT_FAILURE;
}

static void fact(const char *name, unsigned long value)
{
    fprintf(stdout, "%s: %lu\n", name, value);
    fflush(stdout);
}

static int open_regular(const char *file, int mode, unsigned long *size)
{
    struct stat st;
    int fd = openat(AT_FDCWD, file, mode | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &st) == 0) {
        *size = st.st_size;
        if (S_ISREG(st.st_mode))
            return fd;
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    }
    return -1;
}

/* Pages first..first+n of the file. */
static char *view(int fd, unsigned long first, unsigned long n)
{
    char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (first > 0 && remap_file_pages(p, n * PAGE, 0, first, 0) != 0)
        return NULL;
    return p;
}

/* Past the cache: whole ints in the middle, single bytes at both ends. */
static void store(char *to, const char *from, unsigned long n)
{
    while (n > 0 && (unsigned long)to % 4 != 0) {
        *(volatile char *)to++ = *from++;
        n--;
    }
    while (n >= 4) {
        int word;
        memcpy(&word, from, 4);
        _mm_stream_si32((int *)to, word);
        to += 4, from += 4, n -= 4;
    }
    while (n > 0) {
        *(volatile char *)to++ = *from++;
        n--;
    }
    _mm_sfence();
}

struct views { char *a, *b; unsigned long n; };

static int views(struct views *v, int fd, unsigned long at, unsigned long len)
{
    unsigned long first = at / PAGE;
    v->n = (at + len - 1) / PAGE - first + 1;
    v->a = view(fd, first, v->n);
    v->b = v->a ? view(fd, first, v->n) : NULL;
    return v->b ? 0 : -1;
}

static int sync_pages(struct views *v)
{
    for (unsigned long i = 0; i < v->n; i++)
        if (msync(v->b + i * PAGE, PAGE, MS_SYNC) != 0)
            return -1;
    return 0;
}

static int show(const char *file)
{
    unsigned long size;
    int fd = open_regular(file, O_RDONLY, &size);
    if (fd < 0)
        return failed(file, "cannot open");
    const unsigned char *p = (const unsigned char *)"";
    /* the first page, with the zeros behind the end of the file */
    if (size > 0 && (p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0)) == MAP_FAILED)
        return failed(file, "cannot map");
    fact("size", size);
    fputs("content: ", stdout);
    for (unsigned long i = 0; i < size && i < 64; i++) {
        if (p[i] == '\\' || p[i] < 0x20 || p[i] >= 0x7f)
            fprintf(stdout, "\\x%02x", p[i]);
        else
            fputc(p[i], stdout);
    }
    fputc('\n', stdout);
    fflush(stdout);
    return EXIT_SUCCESS;
}

static int overwrite(const char *file, const char *text)
{
    unsigned long size, len = strlen(text);
    int fd = open_regular(file, O_RDWR, &size);
    if (fd < 0)
        return failed(file, "cannot open");
    unsigned long n = len < size ? len : size;
    struct views v = {0};
    fact("size", size);
    if (n > 0) {
        if (views(&v, fd, 0, n) != 0)
            return failed(file, "cannot map");
        store(v.a, text, n);
        munmap(v.a, v.n * PAGE);
    }
    fact("written", n);
    fact("cut", len - n);
    close(fd);
    if (sync_pages(&v) != 0)
        return failed(file, "cannot sync");
    fact("synced", n);
    return EXIT_SUCCESS;
}

static int append(const char *file, const char *text)
{
    unsigned long old, len = strlen(text);
    int fd = open_regular(file, O_RDWR, &old);
    if (fd < 0)
        return failed(file, "cannot open");
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return failed(file, "cannot lock");
    off_t end = lseek(fd, 0, SEEK_END);
    if (end < 0)
        return failed(file, "cannot find the end");
    old = end;
    fact("size", old);
    struct views v = {0};
    if (len > 0) {
        if (ftruncate(fd, old + len) != 0)
            return failed(file, "cannot grow");
        int r;
        do
            r = fallocate(fd, FALLOC_FL_KEEP_SIZE, old, len);
        while (r != 0 && errno == EINTR);
        if (r != 0 || views(&v, fd, old, len) != 0) {
            int e = errno;
            ftruncate(fd, old);
            errno = e;
            return failed(file, "cannot grow");
        }
        store(v.a + old % PAGE, text, len);
        munmap(v.a, v.n * PAGE);
    }
    fact("appended", len);
    if (sync_pages(&v) != 0)
        return failed(file, "cannot sync");
    fact("synced", len);
    fact("new size", old + len);
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    if (argc >= 3) {
        if (argc == 3 && strcmp(argv[1], "show") == 0)
            return show(argv[2]);
        if (argc == 4 && strcmp(argv[1], "overwrite") == 0)
            return overwrite(argv[2], argv[3]);
        if (argc == 4 && strcmp(argv[1], "append") == 0)
            return append(argv[2], argv[3]);
    }
    fputs("usage: lab1-editor {show FILE | overwrite FILE TEXT | append FILE TEXT}\n", stderr);
    return 2;
}
