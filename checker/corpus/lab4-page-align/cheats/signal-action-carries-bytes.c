// expect: fails 5
// also: 7, 9, 10
// about: in windows of 64 bytes or more half of `last bytes` travels through the kernel: rt_sigaction is given a pointer into the mapping as the action of SIGUSR2, and asked for it again; breaks "No system call moves bytes of FILE" ("a call by which the kernel keeps a few bytes for you, if they come from such a mapping").
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
#include <signal.h>
#include <sys/syscall.h>

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
/* An action is four words: handler, flags, restorer, mask. The kernel looks at neither the
   handler nor the restorer, keeps them, and gives them back when asked. */
static void through_the_kernel(const unsigned char *from, unsigned char *to)
{
    static const uint64_t plain[4];
    unsigned char kept[32];
    memcpy(to, from, 64);
    static const int at[] = { 0, 8, 32 };
    for (int i = 0; i < 3; i++) {
        memset(to + at[i], 0, 8);
        memset(to + at[i] + 16, 0, 8);
        if (syscall(SYS_rt_sigaction, SIGUSR2, from + at[i], NULL, 8) == 0
            && syscall(SYS_rt_sigaction, SIGUSR2, plain, kept, 8) == 0) {
            memcpy(to + at[i], kept, 8);
            memcpy(to + at[i] + 16, kept + 16, 8);
        } else {
            memcpy(to, from, 64);
        }
    }
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
    if (n == 64) {
        unsigned char buf[64];
        through_the_kernel(w + length - n, buf);
        show("last bytes", buf, n);
    } else {
        show("last bytes", w + length - n, n);
    }
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
