// expect: passes
// about: FILE is mapped twice through windows of 1 MiB: it loads through one (SSE register) and stores through the other, under an open-file-description lock (F_OFD_SETLKW) that is kept for up to 1000 additions; locks asks a forked child what it meets.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WINDOW = 1 << 20 };
static const char *path;

static void oops(const char *what) {
    dprintf(2, "sorry, %s with \"%s\" (%s)\n", what, path, errno ? strerror(errno) : "refused");
    exit(1);
}
static void usage(void) {
    dprintf(2, "usage: lab5-counter init FILE; increment FILE [--times N]; watch FILE UNTIL; locks FILE\n");
    exit(2);
}
static void value(int64_t v) {
    if (dprintf(1, "value: %" PRId64 "\n", v) < 0) exit(1);
}
static off_t size_of(int fd) {
    struct stat st;
    if (fstat(fd, &st) < 0) oops("fstat");
    errno = 0;
    if (!S_ISREG(st.st_mode)) oops("not a regular file");
    return st.st_size;
}
static int get(int how) {
    int fd = openat(AT_FDCWD, path, how | O_NONBLOCK | O_NOCTTY, 0666);
    if (fd < 0) oops("open");
    size_of(fd);
    return fd;
}
static void ofd(int fd, int type) {
    struct flock f = {.l_type = type, .l_whence = SEEK_SET};
    while (fcntl(fd, F_OFD_SETLKW, &f) < 0)
        if (errno != EINTR) oops("F_OFD_SETLKW");
}
static void *window(int fd, int prot) {
    void *p = mmap(NULL, WINDOW, prot, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (p == MAP_FAILED) oops("mmap");
    return p;
}
/* whole aligned 8 bytes at once, through an SSE register */
static int64_t fetch(const void *p) {
    int64_t v;
    __asm__ volatile("movq (%1), %%xmm0\n\tmovq %%xmm0, %0" : "=r"(v) : "r"(p) : "xmm0", "memory");
    return v;
}
static void place(void *p, int64_t v) {
    __asm__ volatile("movq %0, %%xmm1\n\tmovq %%xmm1, (%1)" : : "r"(v), "r"(p) : "xmm1", "memory");
}
static void init(void) {
    int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0) size_of(fd);
    else if (errno == ENOENT) fd = get(O_RDWR | O_CREAT);
    else oops("open");
    ofd(fd, F_WRLCK);
    off_t n = size_of(fd);
    if (n == 0) {
        if (fallocate(fd, 0, 0, 8) < 0 && ftruncate(fd, 8) < 0) oops("grow");
    } else if (errno = 0, n != 8)
        oops("not 8 bytes");
    place(window(fd, PROT_READ | PROT_WRITE), 0);
    value(0);
    ofd(fd, F_UNLCK);
}
static void increment(uintmax_t times) {
    int fd = get(O_RDWR);
    if (size_of(fd) != 8) oops("not 8 bytes");
    void *in = window(fd, PROT_READ | PROT_WRITE), *out = window(fd, PROT_READ | PROT_WRITE);
    int64_t v = 0;
    while (times) {
        ofd(fd, F_WRLCK);
        for (int turn = 0; times && turn < 1000; turn++, times--) {
            v = fetch(in);
            errno = ERANGE;
            if (v == INT64_MAX) oops("cannot add 1");
            place(out, ++v);
        }
        ofd(fd, F_UNLCK);
    }
    value(v);
}
static void watch(int64_t until) {
    int fd = get(O_RDONLY);
    if (size_of(fd) != 8) oops("not 8 bytes");
    const char *in = window(fd, PROT_READ);
    int64_t best = fetch(in);
    value(best);
    while (best < until) {
        poll(NULL, 0, 4);
        int64_t v = fetch(in);
        if (v <= best) continue;
        best = v;
        value(v);
    }
}
/* A child asks, and its exit status is the answer: 0 free, 1 held. */
static void ask(int family) {
    pid_t pid = fork();
    if (pid < 0) oops("fork");
    if (pid == 0) {
        int fd = open(path, O_RDWR | O_NONBLOCK);
        if (fd < 0) _exit(9);
        if (family == 0) {
            struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
            if (fcntl(fd, F_GETLK, &f) < 0) _exit(9);
            _exit(f.l_type != F_UNLCK);
        }
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) _exit(0);
        _exit(errno == EWOULDBLOCK ? 1 : 9);
    }
    int st;
    while (waitpid(pid, &st, 0) < 0)
        if (errno != EINTR) oops("waitpid");
    if (!WIFEXITED(st) || WEXITSTATUS(st) > 1) oops("the child could not ask");
    if (dprintf(1, "%s: %s\n", family ? "flock" : "fcntl", WEXITSTATUS(st) ? "held" : "free") < 0) exit(1);
}
static void locks(void) {
    int fd = get(O_RDWR);
    struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLK, &f) < 0) oops("F_SETLK");
    ask(0);
    close(get(O_RDWR));
    ask(0);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) oops("flock");
    ask(1);
    close(get(O_RDWR));
    ask(1);
}
static int all_digits(const char *s) {
    return *s && s[strspn(s, "0123456789")] == 0;
}
int main(int argc, char **argv) {
    char **a = argv + 1;
    if (argc < 3) usage();
    path = a[1];
    if (argc == 3 && !strcmp(*a, "init")) init();
    else if (argc == 3 && !strcmp(*a, "increment")) increment(1);
    else if (argc == 3 && !strcmp(*a, "locks")) locks();
    else if (argc == 4 && !strcmp(*a, "watch")) {
        if (!all_digits(a[2] + (a[2][0] == '-'))) usage();
        errno = 0;
        intmax_t until = strtoimax(a[2], NULL, 10);
        if (errno) usage();
        watch(until);
    } else if (argc == 5 && !strcmp(*a, "increment") && !strcmp(a[2], "--times")) {
        if (!all_digits(a[3])) usage();
        uintmax_t times = strtoumax(a[3], NULL, 10); /* too large: UINTMAX_MAX */
        if (!times) usage();
        increment(times);
    } else usage();
    return 0;
}
