// expect: passes
// about: Before the line pages the mapping begins as one page of PROT_NONE, is grown by mremap and made readable and writable by mprotect; the reports come from the ioctl PAGEMAP_SCAN on /proc/self/pagemap (pread where the kernel has none); pages are stored into by getrandom and process_vm_writev; the child is made with clone; runs of dropped pages go with one madvise.
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct region { uint64_t start, end, categories; };
struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t inverted, mask, anyof, wanted;
};
#define SCAN _IOWR('f', 16, struct scan)
enum { IS_FILE = 1 << 2, IS_PRESENT = 1 << 3 };

static char *name, *area;
static size_t count, unit;
static char *kinds; /* 'F', 'O', 'A', and a 0 at the end */

static void complain(const char *what)
{
    int e = errno;
    dprintf(2, "%s (%s): %s\n", name, what, strerror(e));
    exit(1);
}

static void look(void)
{
    int fd = open("/proc/self/pagemap", O_RDONLY);
    struct region *found = calloc(count, sizeof *found);
    struct scan s = {
        .size = sizeof s, .start = (uintptr_t)area, .end = (uintptr_t)area + count * unit,
        .vec = (uintptr_t)found, .vec_len = count, .mask = IS_PRESENT, .wanted = IS_PRESENT | IS_FILE,
    };
    if (fd < 0 || !found)
        complain("page table");
    memset(kinds, 'A', count);
    int n = ioctl(fd, SCAN, &s);
    if (n >= 0) {
        for (int i = 0; i < n; i++)
            memset(kinds + (found[i].start - (uintptr_t)area) / unit,
                   found[i].categories & IS_FILE ? 'F' : 'O', (found[i].end - found[i].start) / unit);
    } else {
        for (size_t i = 0; i < count; i++) {
            uint64_t e;
            if (pread(fd, &e, 8, (off_t)(((uintptr_t)area / unit + i) * 8)) != 8)
                complain("page table");
            if (e & 1ull << 63)
                kinds[i] = e & 1ull << 61 ? 'F' : 'O';
        }
    }
    free(found);
    close(fd);
}

static void tell(const char *when)
{
    static const char *const words[] = { "file", "own", "absent" };
    look();
    for (int k = 0; k < 3; k++) {
        char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);
        fprintf(f, "%s %s:", when, words[k]);
        const char *p = kinds;
        int none = 1;
        while ((p = strchr(p, "FOA"[k]))) {
            size_t run = strspn(p, (char[]){ "FOA"[k], 0 });
            fprintf(f, run > 1 ? " %td-%td" : " %td", p - kinds, p - kinds + (ptrdiff_t)run - 1);
            p += run;
            none = 0;
        }
        fputs(none ? " none\n" : "\n", f);
        fclose(f);
        for (size_t done = 0; done < n;) {
            ssize_t w = write(1, text + done, n - done);
            if (w < 0 && errno != EINTR)
                exit(1);
            if (w > 0)
                done += (size_t)w;
        }
        free(text);
    }
}

static void pause_for(const char *what)
{
    char piece[4096];
    ssize_t n;
    dprintf(1, "waiting: %s\n", what);
    do
        n = read(0, piece, sizeof piece);
    while ((n < 0 && errno == EINTR) || (n > 0 && !memchr(piece, '\n', (size_t)n)));
}

static void touch(void)
{
    madvise(area, count * unit, 22 /* MADV_POPULATE_READ, where there is one */);
    for (size_t i = count; i--;)
        (void)*(volatile char *)(area + i * unit + unit - 1);
}

/* Even pages get a byte at their beginning, odd ones at their end. */
static void store(size_t page)
{
    char *at = area + page * unit;
    if (page % 2) {
        char x = 'z';
        struct iovec from = { &x, 1 }, to = { at + unit - 1, 1 };
        if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) == 1)
            return;
        *(volatile char *)(at + unit - 1) = x;
    } else if (getrandom(at, 1, 0) != 1) {
        *(volatile char *)at = 'z';
    }
}

static size_t childs_page;
static int child(void *unused)
{
    store(childs_page);
    tell("child");
    pause_for("child");
    _exit(0);
}

static int ascending(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static void usage(void)
{
    dprintf(2, "usage: lab6-cow FILE [PAGE...], lab6-cow --drop FILE PAGE..., lab6-cow --fork FILE PAGE CHILD\n");
    exit(2);
}

int main(int argc, char **argv)
{
    char option = 0;
    argv++, argc--;
    if (argc && (!strcmp(*argv, "--drop") || !strcmp(*argv, "--fork"))) {
        option = argv[0][2];
        argv++, argc--;
    }
    if (!argc || (option == 'd' && argc < 2) || (option == 'f' && argc != 3))
        usage();
    name = *argv++, argc--;
    for (int i = 0; i < argc; i++)
        if (!*argv[i] || argv[i][strspn(argv[i], "0123456789")])
            usage();

    unit = (size_t)getpagesize();
    struct stat st;
    int fd;
    if (stat(name, &st) || (S_ISREG(st.st_mode) && (fd = open(name, O_RDONLY)) < 0))
        complain("cannot be opened");
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    if (!S_ISREG(st.st_mode))
        complain("is no regular file");
    if (!st.st_size)
        complain("has no bytes");
    errno = EFBIG;
    if (st.st_size > (off_t)65536 * (off_t)unit)
        complain("is too long");
    count = ((size_t)st.st_size - 1) / unit + 1;
    size_t *pages = calloc((size_t)argc + 1, sizeof *pages);
    for (int i = 0; i < argc; i++) {
        char *s = argv[i] + strspn(argv[i], "0");
        pages[i] = strlen(s) > 6 ? SIZE_MAX : strtoul(s, NULL, 10);
        errno = ERANGE;
        if (pages[i] >= count)
            complain("has no such page");
    }
    kinds = calloc(count + 1, 1);

    area = mmap(NULL, unit, PROT_NONE, MAP_PRIVATE, fd, 0);
    if (area == MAP_FAILED)
        complain("cannot be mapped");
    close(fd);
    if (count > 1 && (area = mremap(area, unit, count * unit, MREMAP_MAYMOVE)) == MAP_FAILED)
        complain("cannot be mapped as a whole");
    if (mprotect(area, count * unit, PROT_READ | PROT_WRITE))
        complain("cannot be made writable");

    dprintf(1, "pages: %zu\n", count);
    tell("mapped");
    touch();
    tell("read");
    pause_for("store");
    for (int i = option == 'f' ? 1 : argc; i--;)
        store(pages[i]);
    tell("stored");
    if (option == 'd') {
        qsort(pages, (size_t)argc, sizeof *pages, ascending);
        for (int i = 0, k; i < argc; i = k) {
            for (k = i + 1; k < argc && pages[k] <= pages[k - 1] + 1; k++)
                ;
            if (madvise(area + pages[i] * unit, (pages[k - 1] - pages[i] + 1) * unit, MADV_DONTNEED))
                complain("a copy cannot be dropped");
        }
        tell("dropped");
        touch();
        tell("again");
    } else if (option == 'f') {
        static char stack[1 << 18] __attribute__((aligned(16)));
        int status;
        childs_page = pages[1];
        pid_t pid = clone(child, stack + sizeof stack, SIGCHLD, NULL);
        if (pid < 0)
            complain("has no child");
        while (waitpid(pid, &status, 0) != pid)
            if (errno != EINTR)
                complain("has lost its child");
        if (status)
            exit(1);
        tell("parent");
    }

    FILE *maps = fopen("/proc/self/maps", "r");
    char *line = NULL, *end;
    size_t room = 0;
    while (maps && getline(&line, &room, maps) > 0)
        if (strtoul(line, &end, 16) == (unsigned long)area && *end == '-') {
            char *range = strtok(line, " "), *perms = strtok(NULL, " "), *offset = strtok(NULL, " ");
            dprintf(1, "line: %s %s %s\n", range, perms, offset);
            break;
        }
    fclose(maps);
    pause_for("end");
    return 0;
}
