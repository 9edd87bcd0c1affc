// expect: passes
// cc: -s -no-pie
// about: right. A place is reserved with PROT_NONE at a multiple of the asked page size; the first touch of it raises SIGSEGV, and the handler puts the one mapping of FILE there with MAP_FIXED. The mapping is not a byte longer than `mapped length`.
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned char *place;
static size_t place_length;
static int place_fd = -1;
static off_t place_offset;
static sigjmp_buf no_mapping;
static volatile sig_atomic_t mapped;
static volatile int mapping_errno;

static void touched(int sig, siginfo_t *info, void *context)
{
    unsigned char *at = info->si_addr;
    if (mapped || at < place || at >= place + place_length) {
        signal(sig, SIG_DFL); /* a real fault: it comes again, and ends us */
        return;
    }
    if (mmap(place, place_length, PROT_READ, MAP_PRIVATE | MAP_FIXED, place_fd, place_offset) == MAP_FAILED) {
        mapping_errno = errno;
        siglongjmp(no_mapping, 1);
    }
    mapped = 1;
}

static void refuse(const char *word) { errx(1, "refused: %s", word); }

static uint64_t number(const char *word)
{
    size_t n = strlen(word), digits = strspn(word, "0123456789");
    if (!n || digits != n)
        refuse(word);
    const char *w = word + strspn(word, "0");
    n = strlen(w);
    /* 19 digits compare as text */
    if (n > 19 || (n == 19 && strcmp(w, "9223372036854775807") > 0))
        refuse(word);
    uint64_t v = 0;
    while (*w)
        v = 10 * v + (uint64_t)(*w++ & 15);
    return v;
}

static void content(const char *name, const unsigned char *p, size_t n)
{
    flockfile(stdout);
    fputs(name, stdout);
    for (const unsigned char *e = p + n; p < e; p++)
        if (*p > 31 && *p < 127 && *p != 92)
            putc_unlocked(*p, stdout);
        else
            fprintf(stdout, "\\x%x%x", *p >> 4, *p & 15);
    putc_unlocked(10, stdout);
    funlockfile(stdout);
}

int main(int argc, char **argv)
{
    static char buffer[8192];
    setvbuf(stdout, buffer, _IOLBF, sizeof buffer);
    const char *file = NULL;
    char **w = argv + 1;
    int words = argc - 1;
    if (words > 0 && !strcmp(*w, "--read")) {
        if (words != 4)
            words = -1;
        else
            file = w[1], w += 2, words = 2;
    }
    if (words != 1 && words != 2)
        errx(2, "usage: OFFSET [LENGTH] or --read FILE OFFSET LENGTH");

    uint64_t offset = number(w[0]);
    uint64_t length = words == 2 ? number(w[1]) : 1;
    if (length == 0 || (int64_t)(offset + (length - 1)) < 0)
        refuse(w[1]);

    uint64_t page = (uint64_t)sysconf(_SC_PAGE_SIZE);
    uint64_t delta = offset % page;
    if (file) {
        struct stat st;
        place_fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (place_fd == -1)
            err(1, "%s", file);
        if (fstat(place_fd, &st))
            err(1, "%s", file);
        if ((st.st_mode & S_IFMT) != S_IFREG)
            errx(1, "%s: only regular files", file);
        if ((uint64_t)st.st_size <= offset)
            errx(1, "%s: no such window", file);
        if (offset + (length - 1) > (uint64_t)st.st_size - 1)
            length = (uint64_t)st.st_size - offset;

        place_offset = (off_t)(offset - delta);
        place_length = delta + length;
        /* One page more, so that the place can begin at a page of this machine. */
        size_t room = (place_length + page - 1) / page * page + page;
        unsigned char *r = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (r == MAP_FAILED)
            err(1, "%s", file);
        place = (unsigned char *)(((uintptr_t)r + page - 1) / page * page);
        struct sigaction sa = { .sa_sigaction = touched, .sa_flags = SA_SIGINFO };
        sigaction(SIGSEGV, &sa, NULL);
        if (sigsetjmp(no_mapping, 1)) {
            errno = mapping_errno;
            err(1, "%s", file);
        }
        /* The last byte of the window brings it all. */
        (void)*(volatile unsigned char *)(place + delta + length - 1);
    }
    printf("page size: %ju\n", (uintmax_t)page);
    printf("offset: %ju\n", (uintmax_t)offset);
    printf("aligned offset: %ju\n", (uintmax_t)(offset - delta));
    printf("delta: %ju\n", (uintmax_t)delta);
    printf("mapped length: %ju\n", (uintmax_t)(delta + length));
    if (file) {
        size_t n = length < 64 ? length : 64;
        printf("length: %ju\n", (uintmax_t)length);
        content("first bytes: ", place + delta, n);
        content("last bytes: ", place + delta + length - n, n);
    }
    return ferror(stdout) != 0;
}
