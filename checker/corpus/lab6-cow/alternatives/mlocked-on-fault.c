// expect: passes
// cc: -static -pthread
// about: FILE (opened again through /proc/self/fd of an O_PATH) is mapped PROT_NONE into a hole of an address reservation and only then made readable and writable, locked on fault (mlock2, if the limit allows), MADV_RANDOM; pagemap is read with stdio, entry by entry; facts leave byte by byte; pages are read by `rep lodsb` from the end, stored into by movnti in a thread; --drop is MADV_DONTNEED_LOCKED.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

typedef struct { const char *name; uint8_t *at; long size, pages; } Map;

static void out(const char *fmt, ...)
{
    char *s;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    for (int i = 0; i < n;) {
        ssize_t r = write(1, s + i, 1);
        if (r == 1)
            i++;
        else if (errno != EINTR)
            exit(1);
    }
    free(s);
}

static void stop(int status, const char *name, const char *why)
{
    fprintf(stderr, "lab6-cow: '%s': %s\n", name, why);
    exit(status);
}

static void usage(void)
{
    fprintf(stderr, "usage: lab6-cow FILE [PAGE...]   (or: --drop FILE PAGE..., --fork FILE PAGE CHILD)\n");
    exit(2);
}

static void report(const Map *m, const char *name)
{
    FILE *f = fopen("/proc/self/pagemap", "rbe");
    if (!f || fseeko(f, (off_t)((uintptr_t)m->at / 4096 * 8), SEEK_SET))
        stop(1, m->name, "no pagemap");
    char *text[3];
    size_t size[3];
    long from[3] = {-1, -1, -1}, seen[3] = {0};
    FILE *to[3];
    for (int k = 0; k < 3; k++)
        to[k] = open_memstream(&text[k], &size[k]);
    int last = -1;
    long begin = 0;
    for (long i = 0; i <= m->pages; i++) {
        uint64_t e;
        int k = 3;
        if (i < m->pages) {
            if (fread(&e, 8, 1, f) != 1)
                stop(1, m->name, "short pagemap");
            k = !(e >> 63) ? 2 : (e >> 61 & 1) ? 0 : 1;
        }
        if (k == last)
            continue;
        if (last >= 0) {
            fprintf(to[last], " %ld", begin);
            if (i - 1 > begin)
                fprintf(to[last], "-%ld", i - 1);
        }
        last = k;
        begin = i;
    }
    fclose(f);
    static const char *kinds[3] = {"file", "own", "absent"};
    for (int k = 0; k < 3; k++) {
        fclose(to[k]);
        out("%s %s:%s\n", name, kinds[k], size[k] ? text[k] : " none");
        free(text[k]);
    }
}

static void await(const char *name)
{
    static char buf[64 * 1024];
    out("waiting: %s\n", name);
    for (;;) {
        ssize_t r = read(0, buf, sizeof buf);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0 || memchr(buf, '\n', r))
            return;
    }
}

static void read_pages(const Map *m)
{
    for (long i = m->pages - 1; i >= 0; i--) {
        const uint8_t *p = m->at + i * 4096 + 4000; /* the end of the page is there as well, as zeros */
        long n = 96;
        __asm__ volatile("rep lodsb" : "+S"(p), "+c"(n)::"rax", "memory");
    }
}

struct job { const Map *m; long page; };
static void *storer(void *arg)
{
    struct job *j = arg;
    uint32_t *p = (uint32_t *)(j->m->at + j->page * 4096 + 2048);
    __asm__ volatile("movnti %1, %0\n\tsfence" : "=m"(*p) : "r"(0x57575757));
    return 0;
}
static void store(const Map *m, long page)
{
    pthread_t t;
    struct job j = {m, page};
    if (pthread_create(&t, 0, storer, &j))
        storer(&j);
    else
        pthread_join(t, 0);
}

static long number(const char *s)
{
    long n = 0;
    const char *p = s;
    for (; *p >= '0' && *p <= '9'; p++)
        if (n < 1000000)
            n = n * 10 + (*p - '0');
    if (*p || p == s)
        usage();
    return n;
}

int main(int argc, char **argv)
{
    enum { CORE, DROP, FORK } mode = CORE;
    int i = 1;
    if (argc > 1 && strcmp(argv[1], "--drop") == 0)
        mode = DROP, i++;
    else if (argc > 1 && strcmp(argv[1], "--fork") == 0)
        mode = FORK, i++;
    int n = argc - i - 1;
    if (n < 0 || (mode == DROP && n == 0) || (mode == FORK && n != 2))
        usage();
    Map m = {argv[i]};
    long *list = malloc((n + 1) * sizeof *list);
    for (int k = 0; k < n; k++)
        list[k] = number(argv[i + 1 + k]);

    int path = open(m.name, O_PATH | O_CLOEXEC);
    struct stat st;
    if (path < 0 || fstat(path, &st))
        stop(1, m.name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        stop(1, m.name, "not a regular file");
    if (!st.st_size || (st.st_size + 4095) / 4096 > 65536)
        stop(1, m.name, "its size will not do");
    char again[64];
    sprintf(again, "/proc/self/fd/%d", path);
    int fd = open(again, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        stop(1, m.name, strerror(errno));
    m.size = st.st_size;
    m.pages = (m.size + 4095) / 4096;
    for (int k = 0; k < n; k++)
        if (list[k] >= m.pages)
            stop(1, m.name, "this page is beyond its end");

    uint8_t *room = mmap(0, (m.pages + 32) * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        stop(1, m.name, strerror(errno));
    m.at = mmap(room + 13 * 4096, m.size, PROT_NONE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd, 0);
    if (m.at == MAP_FAILED || mprotect(m.at, m.size, PROT_READ | PROT_WRITE))
        stop(1, m.name, strerror(errno));
    madvise(m.at, m.size, MADV_RANDOM);
    mlock2(m.at, m.size, MLOCK_ONFAULT); /* may be refused: no matter */
    close(fd);
    close(path);

    out("pages: %ld\n", m.pages);
    report(&m, "mapped");
    read_pages(&m);
    report(&m, "read");
    await("store");
    for (int k = n - 1; k >= 0; k--)
        if (mode != FORK || k == 0)
            store(&m, list[k]);
    report(&m, "stored");
    if (mode == DROP) {
        for (int k = 0; k < n; k++)
            if (madvise(m.at + list[k] * 4096, 4096, MADV_DONTNEED_LOCKED))
                stop(1, m.name, strerror(errno));
        report(&m, "dropped");
        read_pages(&m);
        report(&m, "again");
    }
    if (mode == FORK) {
        pid_t pid = fork();
        if (pid < 0)
            stop(1, m.name, strerror(errno));
        if (pid == 0) {
            store(&m, list[1]);
            report(&m, "child");
            await("child");
            _exit(0);
        }
        siginfo_t si;
        while (waitid(P_PID, pid, &si, WEXITED) < 0 && errno == EINTR)
            ;
        report(&m, "parent");
    }
    FILE *maps = fopen("/proc/self/maps", "re");
    char *line = 0;
    size_t cap = 0;
    while (maps && getline(&line, &cap, maps) > 0) {
        unsigned long a;
        int end = 0;
        sscanf(line, "%lx-%*s %*s %*s%n", &a, &end);
        if (a == (unsigned long)m.at && end)
            out("line: %.*s\n", end, line);
    }
    await("end");
    _exit(0);
}
