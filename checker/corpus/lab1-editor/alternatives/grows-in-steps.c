// expect: passes core
// stretch: fails 11, 12, 13
// about: append makes the file longer page by page with truncate on its path, a page too long at first; overwrite asks for PROT_WRITE alone, maps with MAP_SHARED_VALIDATE and syncs with MS_INVALIDATE too; absolute paths; a mapping that is read-only again is synced.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name;

static int complain(const char *why)
{
    fprintf(stderr, "lab1-editor: %s: %s\n", name, why);
    return 1;
}

static int open_file(int mode, size_t *size)
{
    struct stat st;
    char real[4096];
    int fd = open(realpath(name, real) ? real : name, mode | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        exit(complain(strerror(errno)));
    if (!S_ISREG(st.st_mode))
        exit(complain("not a regular file"));
    *size = st.st_size;
    return fd;
}

static void print_content(const unsigned char *p, size_t n)
{
    printf("content: ");
    for (size_t i = 0; i < n && i < 64; i++) {
        if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\')
            putchar(p[i]);
        else
            printf("\\x%02x", p[i]);
    }
    putchar('\n');
}

static int show(void)
{
    size_t size;
    int fd = open_file(O_RDONLY, &size);
    unsigned char *map = NULL;
    if (size > 0) {
        map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
            return complain(strerror(errno));
    }
    printf("size: %zu\n", size);
    print_content(map, size);
    return 0;
}

static int overwrite(const char *text)
{
    size_t size, len = strlen(text);
    int fd = open_file(O_RDWR, &size);
    size_t n = len < size ? len : size;
    char *map = NULL;

    if (n > 0) {
        map = mmap(NULL, n, PROT_WRITE, MAP_SHARED_VALIDATE, fd, 0);
        if (map == MAP_FAILED)
            return complain(strerror(errno));
        memcpy(map, text, n);
    }
    printf("size: %zu\n", size);
    printf("written: %zu\n", n);
    printf("cut: %zu\n", len - n);
    if (n > 0 && msync(map, n, MS_SYNC | MS_INVALIDATE) < 0)
        return complain(strerror(errno));
    printf("synced: %zu\n", n);
    return 0;
}

static int append(const char *text)
{
    size_t size, len = strlen(text);
    int fd = open_file(O_RDWR, &size);
    size_t page = sysconf(_SC_PAGESIZE);
    size_t start = size / page * page, shift = size - start;
    char *map = NULL;

    if (len > 0) {
        char real[4096];
        if (realpath(name, real) == NULL)
            return complain(strerror(errno));
        for (size_t to = size; to < size + len;) {
            to += page;
            if (truncate(real, to) < 0)
                return complain(strerror(errno));
        }
        if (truncate(real, size + len) < 0)
            return complain(strerror(errno));
        map = mmap(NULL, shift + len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
        if (map == MAP_FAILED) {
            complain(strerror(errno));
            ftruncate(fd, size);
            return 1;
        }
        memcpy(map + shift, text, len);
        mprotect(map, shift + len, PROT_READ);
    }
    printf("size: %zu\n", size);
    printf("appended: %zu\n", len);
    if (len > 0 && msync(map, shift + len, MS_SYNC) < 0)
        return complain(strerror(errno));
    printf("synced: %zu\n", len);
    printf("new size: %zu\n", size + len);
    return 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGXFSZ, SIG_IGN);
    if (argc >= 3)
        name = argv[2];
    if (argc == 3 && strcmp(argv[1], "show") == 0)
        return show();
    if (argc == 4 && strcmp(argv[1], "overwrite") == 0)
        return overwrite(argv[3]);
    if (argc == 4 && strcmp(argv[1], "append") == 0)
        return append(argv[3]);
    fprintf(stderr, "usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT\n");
    return 2;
}
