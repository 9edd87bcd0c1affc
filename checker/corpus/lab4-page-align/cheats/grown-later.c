// expect: rejected
// about: Maps one page, and then lets the mapping grow over all of the file.

#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const long long LAST = LLONG_MAX;

static int sorry(const char *what, const char *why)
{
    fprintf(stderr, "lab4-page-align: %s: %s\n", what, why);
    return 1;
}

static int number(const char *word, long long least, long long *value)
{
    for (const char *p = word; *p; p++)
        if (!isdigit((unsigned char)*p))
            return 0;
    errno = 0;
    *value = strtoll(word, NULL, 10);
    return *word && errno == 0 && *value >= least;
}

static void content(const char *what, const unsigned char *p, long long n)
{
    printf("%s: ", what);
    for (long long i = 0; i < n; i++) {
        if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '\\')
            printf("\\x%02x", p[i]);
        else
            putchar(p[i]);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    int reads = argc > 1 && strcmp(argv[1], "--read") == 0;
    if (reads ? argc != 5 : argc != 2 && argc != 3) {
        fprintf(stderr, "usage: lab4-page-align [--read FILE] OFFSET [LENGTH]\n");
        return 2;
    }
    const char *file = argv[2], *from = reads ? argv[3] : argv[1], *many = reads ? argv[4] : argv[2];
    long long offset, length = 1;
    if (!number(from, 0, &offset))
        return sorry(from, "not an offset");
    if (many && !number(many, 1, &length))
        return sorry(many, "not a length");
    if (length - 1 > LAST - offset)
        return sorry(many, "too far");

    struct stat st;
    int fd = -1;
    if (reads) {
        fd = open(file, O_RDONLY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
            return sorry(file, strerror(errno));
        if (!S_ISREG(st.st_mode))
            return sorry(file, "not a regular file");
        if (offset >= st.st_size)
            return sorry(file, "ends before the offset");
        if (length > st.st_size - offset)
            length = st.st_size - offset;
    }

    long page = sysconf(_SC_PAGESIZE);
    long long aligned = offset & ~((long long)page - 1);
    long long delta = offset - aligned;
    unsigned long long mapped = (unsigned long long)delta + length;
    printf("page size: %ld\n", page);
    printf("offset: %lld\n", offset);
    printf("aligned offset: %lld\n", aligned);
    printf("delta: %lld\n", delta);
    printf("mapped length: %llu\n", mapped);
    if (!reads)
        return 0;

    unsigned char *p = mmap(NULL, mapped, PROT_READ, MAP_PRIVATE, fd, aligned);
    if (p == MAP_FAILED)
        return sorry(file, strerror(errno));
    p = mremap(p, mapped, st.st_size - aligned + 5 * page, MREMAP_MAYMOVE);
    unsigned char *window = p + delta;
    long long shown = length < 64 ? length : 64;
    printf("length: %lld\n", length);
    content("first bytes", window, shown);
    content("last bytes", window + length - shown, shown);
    munmap(p, mapped);
    return 0;
}
