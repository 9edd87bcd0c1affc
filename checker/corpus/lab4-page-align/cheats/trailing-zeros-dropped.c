// expect: fails 7
// also: 9
// about: where the window ends with the file in the middle of a page, zeros at the end are taken for the rest of the page and left out of `last bytes`, also if they are the file's own; breaks "clauses 5 and 7 hold for windows ... that end with the last byte of the file".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST ((uint64_t)INT64_MAX)

static int usage(void)
{
    fprintf(stderr, "usage: lab4-page-align OFFSET [LENGTH] | --read FILE OFFSET LENGTH\n");
    return 2;
}

static int bad_word(const char *word)
{
    fprintf(stderr, "lab4-page-align: '%s' is refused\n", word);
    return 1;
}

static int bad_file(const char *file, const char *why)
{
    fprintf(stderr, "lab4-page-align: %s: %s\n", file, why);
    return 1;
}

/* Digits only, up to 2^63-1. */
static int number(const char *word, uint64_t *out)
{
    uint64_t v = 0;
    if (!*word)
        return 0;
    for (const char *c = word; *c; c++) {
        if (*c < '0' || *c > '9')
            return 0;
        unsigned d = *c - '0';
        if (v > (MOST - d) / 10)
            return 0;
        v = v * 10 + d;
    }
    *out = v;
    return 1;
}

static void show(const char *name, const unsigned char *p, uint64_t n)
{
    printf("%s: ", name);
    for (uint64_t i = 0; i < n; i++) {
        if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\')
            putchar(p[i]);
        else
            printf("\\x%02x", p[i]);
    }
    putchar('\n');
}

static void five(uint64_t page, uint64_t offset, uint64_t length)
{
    uint64_t delta = offset % page;
    printf("page size: %" PRIu64 "\n", page);
    printf("offset: %" PRIu64 "\n", offset);
    printf("aligned offset: %" PRIu64 "\n", offset - delta);
    printf("delta: %" PRIu64 "\n", delta);
    printf("mapped length: %" PRIu64 "\n", delta + length);
}

static int read_window(uint64_t page, const char *file, uint64_t offset, uint64_t length)
{
    int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return bad_file(file, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) < 0)
        return bad_file(file, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return bad_file(file, "not a regular file");
    uint64_t size = st.st_size;
    if (offset >= size)
        return bad_file(file, "the window begins behind the end");
    if (length > size - offset)
        length = size - offset;

    uint64_t delta = offset % page;
    unsigned char *map = mmap(NULL, delta + length, PROT_READ, MAP_PRIVATE, fd, offset - delta);
    if (map == MAP_FAILED)
        return bad_file(file, strerror(errno));
    close(fd);
    const unsigned char *w = map + delta;
    uint64_t n = length < 64 ? length : 64;

    five(page, offset, length);
    printf("length: %" PRIu64 "\n", length);
    show("first bytes", w, n);
    uint64_t shown = n;
    if (offset + length == size && size % page != 0)
        while (shown && w[length - n + shown - 1] == 0)
            shown--; /* behind the end of the file: none of these is shown */
    show("last bytes", w + length - n, shown);
    munmap(map, delta + length);
    return 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    int reading = argc >= 2 && strcmp(argv[1], "--read") == 0;
    if (reading ? argc != 5 : argc != 2 && argc != 3)
        return usage();

    const char *ow = reading ? argv[3] : argv[1];
    const char *lw = reading ? argv[4] : argv[2];
    uint64_t offset, length = 1;
    if (!number(ow, &offset))
        return bad_word(ow);
    if (lw && (!number(lw, &length) || length == 0))
        return bad_word(lw);
    if (length - 1 > MOST - offset)
        return bad_word(lw);

    uint64_t page = sysconf(_SC_PAGESIZE);
    int rc = 0;
    if (reading)
        rc = read_window(page, argv[2], offset, length);
    else
        five(page, offset, length);
    if (fflush(stdout) || ferror(stdout))
        rc = 1;
    return rc;
}
