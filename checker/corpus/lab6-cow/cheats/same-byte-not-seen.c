// expect: fails 6
// stretch: fails 8, 9
// about: From the report stored on, a page counts as own if it was named, was own before, or its bytes differ from those of FILE; a debugger's store of the same byte makes a copy too and is reported as file: breaks "The kernel makes a copy for such a store too, so these pages are own in the reports that follow".
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MODE_PLAIN, MODE_DROP, MODE_FORK };

static const char *path;
static volatile unsigned char *map;
static size_t map_len, pages, psize;
static unsigned char *state; /* one letter a page: f, o or a */

static void usage(void)
{
    fprintf(stderr, "usage: lab6-cow FILE [PAGE...] | --drop FILE PAGE... | --fork FILE PAGE CHILD\n");
    exit(2);
}

static void fail(const char *why)
{
    fprintf(stderr, "lab6-cow: %s: %s\n", path, why);
    exit(1);
}

static int is_number(const char *s)
{
    if (!*s)
        return 0;
    for (; *s; s++)
        if (*s < '0' || *s > '9')
            return 0;
    return 1;
}

/* Everything above 2^40 is the same to us: not there. */
static uint64_t number(const char *s)
{
    uint64_t n = 0;
    for (; *s; s++) {
        n = n * 10 + (uint64_t)(*s - '0');
        if (n > (1ull << 40))
            n = 1ull << 40;
    }
    return n;
}

static int file, has_read;
static unsigned char *copied; /* pages that are known to be our own */

static void look(void)
{
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    uint64_t *entry = malloc(pages * 8);
    size_t got = 0;
    if (fd < 0 || !entry)
        fail("cannot look into the page table");
    while (got < pages * 8) {
        ssize_t n = pread(fd, (char *)entry + got, pages * 8 - got,
                          (off_t)((uintptr_t)map / psize * 8 + got));
        if (n <= 0)
            fail("cannot read the page table");
        got += (size_t)n;
    }
    close(fd);
    unsigned char *now = NULL;
    if (has_read) { /* the file as everybody else sees it */
        now = calloc(pages, psize);
        if (!now || pread(file, now, map_len, 0) != (ssize_t)map_len)
            fail("cannot be read");
    }
    for (size_t i = 0; i < pages; i++) {
        if (!(entry[i] >> 63)) {
            state[i] = 'a';
            continue;
        }
        if (has_read ? memcmp(now + i * psize, (void *)(map + i * psize), psize) != 0
                     : !(entry[i] >> 61 & 1))
            copied[i] = 1;
        state[i] = copied[i] ? 'o' : 'f';
    }
    free(now);
    free(entry);
}

static void print_pages(const char *when, const char *what, char letter)
{
    int any = 0;
    printf("%s %s:", when, what);
    for (size_t i = 0; i < pages; i++) {
        if (state[i] != letter)
            continue;
        size_t first = i;
        while (i + 1 < pages && state[i + 1] == letter)
            i++;
        if (first == i)
            printf(" %zu", i);
        else
            printf(" %zu-%zu", first, i);
        any = 1;
    }
    printf(any ? "\n" : " none\n");
}

static void report(const char *when)
{
    look();
    print_pages(when, "file", 'f');
    print_pages(when, "own", 'o');
    print_pages(when, "absent", 'a');
}

static void wait_line(const char *what)
{
    char c;
    printf("waiting: %s\n", what);
    for (;;) {
        ssize_t n = read(0, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || c == '\n')
            return;
    }
}

static void read_pages(void)
{
    for (size_t i = 0; i < pages; i++)
        (void)map[i * psize];
}

static void print_line(void)
{
    FILE *f = fopen("/proc/self/maps", "re");
    char *line = NULL;
    size_t cap = 0;
    if (!f)
        fail("cannot open /proc/self/maps");
    while (getline(&line, &cap, f) > 0) {
        unsigned long from, to;
        char range[64], perms[8], offset[32];
        if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from == (unsigned long)map &&
            sscanf(line, "%63s %7s %31s", range, perms, offset) == 3) {
            printf("line: %s %s %s\n", range, perms, offset);
            free(line);
            fclose(f);
            return;
        }
    }
    fail("its line is not in maps");
}

int main(int argc, char **argv)
{
    int mode = MODE_PLAIN, at = 1, fd;
    struct stat st;

    setvbuf(stdout, NULL, _IOLBF, 0);
    psize = (size_t)sysconf(_SC_PAGESIZE);
    if (argc < 2)
        usage();
    if (!strcmp(argv[1], "--drop"))
        mode = MODE_DROP, at = 2;
    else if (!strcmp(argv[1], "--fork"))
        mode = MODE_FORK, at = 2;
    if (argc <= at)
        usage();
    path = argv[at];
    char **word = argv + at + 1;
    int words = argc - at - 1;
    if ((mode == MODE_DROP && words < 1) || (mode == MODE_FORK && words != 2))
        usage();
    for (int i = 0; i < words; i++)
        if (!is_number(word[i]))
            usage();

    if (stat(path, &st) < 0)
        fail(strerror(errno));
    if (!S_ISREG(st.st_mode))
        fail("not a regular file");
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        fail(strerror(errno));
    if (!S_ISREG(st.st_mode))
        fail("not a regular file");
    if (st.st_size == 0)
        fail("is empty");
    pages = ((uint64_t)st.st_size + psize - 1) / psize;
    if (pages > 65536)
        fail("is too long");
    uint64_t *page = calloc((size_t)words + 1, sizeof *page);
    for (int i = 0; i < words; i++) {
        page[i] = number(word[i]);
        if (page[i] >= pages)
            fail("has no such page");
    }
    int stores = mode == MODE_FORK ? 1 : words;

    map_len = (size_t)st.st_size;
    state = malloc(pages);
    copied = calloc(pages, 1);
    file = fd;
    map = mmap(NULL, map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        fail(strerror(errno));

    printf("pages: %zu\n", pages);
    report("mapped");
    read_pages();
    report("read");
    has_read = 1;
    wait_line("store");
    for (int i = 0; i < stores; i++)
        map[page[i] * psize] ^= 0x55;
    for (int i = 0; i < stores; i++)
        copied[page[i]] = 1;
    report("stored");

    if (mode == MODE_DROP) {
        for (int i = 0; i < words; i++)
            if (madvise((void *)(map + page[i] * psize), psize, MADV_DONTNEED) < 0)
                fail(strerror(errno));
        for (int i = 0; i < words; i++)
            copied[page[i]] = 0;
        report("dropped");
        read_pages();
        report("again");
    }
    if (mode == MODE_FORK) {
        pid_t pid = fork();
        int status;
        if (pid < 0)
            fail(strerror(errno));
        if (pid == 0) {
            map[page[1] * psize] ^= 0x55;
            copied[page[1]] = 1;
            report("child");
            wait_line("child");
            _exit(0);
        }
        while (waitpid(pid, &status, 0) < 0)
            if (errno != EINTR)
                fail(strerror(errno));
        if (!WIFEXITED(status) || WEXITSTATUS(status))
            fail("the child failed");
        report("parent");
    }
    print_line();
    wait_line("end");
    return 0;
}
