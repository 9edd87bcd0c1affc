// expect: fails 7
// also: 9
// about: where a window was cut at the end of a file that ends inside a page, zero bytes at its very end are taken for the rest of the page and not shown in `last bytes`, though they are bytes of the file; breaks "all facts are those of the window that is left" (a file that really ends with zeros).
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

typedef uint64_t u64;
#define TOP ((u64)INT64_MAX)

static void refuse(const char *word, const char *why)
{
    fprintf(stderr, "lab4-page-align: %s: %s\n", word, why);
    exit(1);
}

static int number(const char *s, u64 *out)
{
    u64 v = 0;
    if (!*s)
        return 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return 0;
        unsigned d = *s - '0';
        if (v > (TOP - d) / 10)
            return 0;
        v = v * 10 + d;
    }
    *out = v;
    return 1;
}

static u64 page_size(void)
{
    return sysconf(_SC_PAGESIZE);
}

static void show(const char *name, const unsigned char *p, u64 n)
{
    printf("%s: ", name);
    for (u64 i = 0; i < n; i++)
        if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\')
            putchar(p[i]);
        else
            printf("\\x%02x", p[i]);
    putchar('\n');
}

static void usage(void)
{
    fprintf(stderr, "usage: lab4-page-align OFFSET [LENGTH] | --read FILE OFFSET LENGTH\n");
    exit(2);
}

static void four(u64 ps, u64 offset, u64 length)
{
    u64 delta = offset % ps;
    printf("page size: %llu\n", (unsigned long long)ps);
    printf("offset: %llu\n", (unsigned long long)offset);
    printf("aligned offset: %llu\n", (unsigned long long)(offset - delta));
    printf("delta: %llu\n", (unsigned long long)delta);
    printf("mapped length: %llu\n", (unsigned long long)(delta + length));
}

static void read_window(const char *name, u64 offset, u64 length)
{
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        refuse(name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        refuse(name, "not a regular file");
    u64 size = st.st_size;
    if (offset >= size)
        refuse(name, "no bytes there");
    int was_cut = 0;
    if (length > size - offset) {
        length = size - offset;
        was_cut = 1;
    }
    u64 ps = page_size(), delta = offset % ps;
    unsigned char *map = mmap(NULL, delta + length, PROT_READ, MAP_PRIVATE, fd, offset - delta);
    if (map == MAP_FAILED)
        refuse(name, strerror(errno));
    close(fd);
    u64 n = length < 64 ? length : 64;
    four(ps, offset, length);
    printf("length: %llu\n", (unsigned long long)length);
    show("first bytes", map + delta, n);
    const unsigned char *last = map + delta + length - n;
    if (was_cut && size % ps != 0)
        while (n > 0 && last[n - 1] == 0)       /* the page is filled up with zeros */
            n--;
    show("last bytes", last, n);
    munmap(map, delta + length);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    int reading = argc > 1 && strcmp(argv[1], "--read") == 0;
    if (reading ? argc != 5 : argc != 2 && argc != 3)
        usage();
    const char *ow = reading ? argv[3] : argv[1];
    const char *lw = reading ? argv[4] : argv[2];
    u64 offset, length = 1;
    if (!number(ow, &offset))
        refuse(ow, "not an offset");
    if (lw && (!number(lw, &length) || length == 0))
        refuse(lw, "not a length");
    if (length - 1 > TOP - offset)
        refuse(ow, "the window ends too far behind");
    if (reading)
        read_window(argv[2], offset, length);
    else
        four(page_size(), offset, length);
    return 0;
}
