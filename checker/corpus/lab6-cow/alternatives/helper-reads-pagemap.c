// expect: passes
// about: a helper process, forked before FILE is mapped (so it never has the mapping), reads /proc/PID/pagemap of the program and /proc/PID/maps, and sends the bytes back through a pipe; the program itself prints and waits. The stores are made by the kernel: pwrite to /proc/self/mem. --drop uses one process_madvise on a pidfd of its own for all pages.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct question { pid_t pid; unsigned long start, pages; }; /* pages 0: the line in maps */

static const char *file;
static int ask_fd, answer_fd;
static unsigned long start, pages;

static _Noreturn void die(int status, const char *text)
{
    if (status == 2)
        dprintf(2, "usage: %s\n", text);
    else
        dprintf(2, "%s: %s\n", file, text);
    exit(status);
}

static int all(int fd, void *buf, size_t n, int out)
{
    char *p = buf;
    while (n) {
        ssize_t r = out ? write(fd, p, n) : read(fd, p, n);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return 0;
        p += r;
        n -= r;
    }
    return 1;
}

static void helper(int in, int out)
{
    struct question q;
    while (all(in, &q, sizeof q, 0)) {
        char path[64];
        if (q.pages) {
            unsigned long *e = calloc(q.pages, 8);
            sprintf(path, "/proc/%d/pagemap", (int)q.pid);
            int fd = open(path, O_RDONLY);
            for (size_t done = 0; done < q.pages * 8;) {
                ssize_t r = pread(fd, (char *)e + done, q.pages * 8 - done, q.start / 4096 * 8 + done);
                if (r <= 0)
                    _exit(3);
                done += r;
            }
            close(fd);
            all(out, e, q.pages * 8, 1);
            free(e);
        } else {
            char text[128] = "", *line = 0;
            size_t cap = 0;
            sprintf(path, "/proc/%d/maps", (int)q.pid);
            FILE *f = fopen(path, "re");
            while (f && getline(&line, &cap, f) > 0)
                if (strtoul(line, 0, 16) == q.start) {
                    char *s = line;
                    for (int k = 0; k < 3; k++)
                        s = strchr(s, ' ') + 1;
                    s[-1] = 0;
                    strcpy(text, line);
                    break;
                }
            if (f)
                fclose(f);
            all(out, text, sizeof text, 1);
        }
    }
    _exit(0);
}

static void report(const char *name)
{
    struct question q = {getpid(), start, pages};
    unsigned long *e = calloc(pages, 8);
    if (!all(ask_fd, &q, sizeof q, 1) || !all(answer_fd, e, pages * 8, 0))
        die(1, "the helper does not answer");
    static const char *kinds[] = {"file", "own", "absent"};
    for (int k = 0; k < 3; k++) {
        char *value = malloc(pages * 12 + 64), *o = value;
        o += sprintf(o, "%s %s:", name, kinds[k]);
        int some = 0;
        for (unsigned long i = 0, j; i < pages; i = j) {
            for (j = i; j < pages && (e[j] >> 63 ? e[j] >> 61 & 1 ? 0 : 1 : 2) == k; j++)
                ;
            if (j == i) {
                j++;
                continue;
            }
            o += sprintf(o, j - i > 1 ? " %lu-%lu" : " %lu", i, j - 1);
            some = 1;
        }
        o += sprintf(o, some ? "\n" : " none\n");
        all(1, value, o - value, 1);
        free(value);
    }
    free(e);
}

static void wait_for_line(const char *text)
{
    all(1, (char *)text, strlen(text), 1);
    char c = 0;
    while (c != '\n' && all(0, &c, 1, 0))
        ;
}

static void store(unsigned long page)
{
    int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    if (fd < 0 || pwrite(fd, "*", 1, start + page * 4096) != 1)
        die(1, "cannot store");
    close(fd);
}

static void read_all(void)
{
    unsigned long sum = 0;
    for (unsigned long i = 0; i < pages; i++)
        sum += *(volatile char *)(start + i * 4096);
    dprintf(2, "note: the first bytes add up to %lu\n", sum);
}

int main(int argc, char **argv)
{
    const char *words = "lab6-cow FILE [PAGE...], lab6-cow --drop FILE PAGE..., lab6-cow --fork FILE PAGE CHILD";
    char mode = 0;
    argv++, argc--;
    if (argc && (!strcmp(*argv, "--drop") || !strcmp(*argv, "--fork")))
        mode = argv[0][2], argv++, argc--;
    if (argc < 1 || (mode == 'd' && argc < 2) || (mode == 'f' && argc != 3))
        die(2, words);
    file = argv[0];
    int n = argc - 1;
    unsigned long page[n + 1];
    for (int i = 0; i < n; i++) {
        char *s = argv[i + 1];
        if (!*s || strspn(s, "0123456789") != strlen(s))
            die(2, words);
        page[i] = strtoul(s, 0, 10); /* ULONG_MAX if it is larger still */
    }
    struct stat st;
    int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        die(1, strerror(errno));
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 1)
        die(1, "is not a regular file with something in it");
    if (st.st_size > 65536L * 4096)
        die(1, "is too long");
    pages = (st.st_size + 4095) / 4096;
    for (int i = 0; i < n; i++)
        if (page[i] >= pages)
            die(1, "does not have that page");

    int a[2], b[2];
    if (pipe2(a, O_CLOEXEC) || pipe2(b, O_CLOEXEC))
        die(1, "no pipe");
    pid_t h = fork();
    if (h < 0)
        die(1, "no helper");
    if (h == 0) {
        close(fd);
        close(a[1]);
        close(b[0]);
        helper(a[0], b[1]);
    }
    close(a[0]);
    close(b[1]);
    ask_fd = a[1];
    answer_fd = b[0];

    void *m = mmap(0, st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (m == MAP_FAILED)
        die(1, strerror(errno));
    start = (unsigned long)m;
    dprintf(1, "pages: %lu\n", pages);
    report("mapped");
    read_all();
    report("read");
    wait_for_line("waiting: store\n");
    for (int i = 0; i < (mode == 'f' ? 1 : n); i++)
        store(page[i]);
    report("stored");
    if (mode == 'd') {
        struct iovec v[n];
        int self = syscall(SYS_pidfd_open, getpid(), 0);
        for (int i = 0; i < n; i++)
            v[i] = (struct iovec){(char *)m + page[i] * 4096, 4096};
        /* at most 1024 at a time; other advice than for hints: since Linux 6.13, for oneself */
        for (int i = 0; i < n; i++)
            if (i % 1000 == 0) {
                int k = n - i < 1000 ? n - i : 1000;
                if (syscall(SYS_process_madvise, self, v + i, k, MADV_DONTNEED, 0) != k * 4096L)
                    for (int j = i; j < i + k; j++)
                        if (madvise(v[j].iov_base, 4096, MADV_DONTNEED))
                            die(1, strerror(errno));
            }
        close(self);
        report("dropped");
        read_all();
        report("again");
    } else if (mode == 'f') {
        pid_t c = fork();
        if (c < 0)
            die(1, "cannot fork");
        if (c == 0) {
            store(page[1]);
            report("child");
            wait_for_line("waiting: child\n");
            _exit(0);
        }
        while (waitpid(c, 0, 0) < 0 && errno == EINTR)
            ;
        report("parent");
    }
    struct question q = {getpid(), start, 0};
    char text[128];
    if (!all(ask_fd, &q, sizeof q, 1) || !all(answer_fd, text, sizeof text, 0) || !*text)
        die(1, "has no line in maps");
    dprintf(1, "line: %s\n", text);
    wait_for_line("waiting: end\n");
    close(ask_fd);
    while (waitpid(h, 0, 0) < 0 && errno == EINTR)
        ;
    return 0;
}
