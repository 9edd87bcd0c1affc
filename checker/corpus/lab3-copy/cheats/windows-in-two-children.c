// expect: fails 8
// varies: which of its children is first
// about: A SOURCE of more than 16 MiB is copied by two child processes at once, each with a window of 12 MiB of its own, so 24 MiB of SOURCE and of DESTINATION are mapped at one time; breaks "At no time are more than 16 MiB of SOURCE, or more than 16 MiB of DESTINATION, mapped".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sched.h>
#include <unistd.h>

#define WINDOW ((off_t)8 << 20)

static const char *src_name, *dst_name;
static char real_dst[2 * PATH_MAX];     /* DESTINATION with the links at its end followed */
static char made[2 * PATH_MAX + 64];    /* the file that a failure has to remove */
static int dst_fd = -1;
static off_t old_length = -1;           /* the length that a failure has to restore */
static char *volatile dst_map;
static volatile size_t dst_map_len;

static void undo(void)
{
    if (made[0])
        unlink(made);
    else if (dst_fd >= 0 && old_length >= 0)
        ftruncate(dst_fd, old_length);
}

static void fail(const char *name, const char *why)
{
    undo();
    dprintf(2, "lab3-copy: %s: %s\n", name, why);
    _exit(1);
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
    char *at = info->si_addr;
    const char *name = dst_map && at >= dst_map && at < dst_map + dst_map_len ? dst_name : src_name;
    char line[PATH_MAX + 64];
    size_t n = strlen(name);
    if (n > PATH_MAX) n = PATH_MAX;
    undo();
    memcpy(line, name, n);
    memcpy(line + n, ": a byte is gone\n", 17);
    write(2, line, n + 17);
    _exit(1);
}

static void follow_links(const char *name)
{
    if (strlen(name) >= PATH_MAX) fail(dst_name, strerror(ENAMETOOLONG));
    strcpy(real_dst, name);
    for (int i = 0; i < 40; i++) {
        char target[PATH_MAX], *slash;
        ssize_t n = readlink(real_dst, target, sizeof target - 1);
        if (n < 0) return;
        target[n] = 0;
        slash = strrchr(real_dst, '/');
        if (target[0] == '/' || !slash) strcpy(real_dst, target);
        else {
            if (slash - real_dst + 1 + n >= PATH_MAX) fail(dst_name, strerror(ENAMETOOLONG));
            strcpy(slash + 1, target);
        }
    }
    fail(dst_name, strerror(ELOOP));
}

static void give_length(int fd, off_t old, off_t size)
{
    if (size > 0 && fallocate(fd, 0, 0, size) < 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        fail(dst_name, strerror(errno));
    if (ftruncate(fd, size) < 0) fail(dst_name, strerror(errno));
}

static void *map_source(int fd, off_t at, size_t n)
{
    void *p = mmap(0, n, PROT_READ, MAP_PRIVATE, fd, at);
    if (p == MAP_FAILED) fail(src_name, strerror(errno));
    return p;
}

#define SHARE ((off_t)12 << 20)

static void one_share(int sfd, int dfd, off_t size, off_t at, volatile int *ready, int together)
{
    size_t n = size - at < SHARE ? size - at : SHARE;
    char *s = mmap(0, n, PROT_READ, MAP_PRIVATE, sfd, at);
    char *d = mmap(0, n, PROT_READ | PROT_WRITE, MAP_SHARED, dfd, at);
    if (s == MAP_FAILED || d == MAP_FAILED) _exit(1);
    __sync_fetch_and_add(ready, 1);
    while (*ready < together) sched_yield();    /* start together: the disk likes it */
    memcpy(d, s, n);
    _exit(0);
}

static void copy_in_pairs(int sfd, int dfd, off_t size, char *first)
{
    volatile int *ready = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    munmap(first, WINDOW);
    for (off_t at = 0; at < size; at += 2 * SHARE) {
        pid_t child[2];
        int n = size - at > SHARE ? 2 : 1, bad = 0;
        *ready = 0;
        for (int i = 0; i < n; i++) {
            child[i] = fork();
            if (child[i] < 0) fail(dst_name, strerror(errno));
            if (child[i] == 0) {
                signal(SIGBUS, SIG_DFL);
                one_share(sfd, dfd, size, at + i * SHARE, ready, n);
            }
        }
        for (int i = 0; i < n; i++) {
            int status;
            if (waitpid(child[i], &status, 0) < 0 || status) bad = 1;
        }
        if (bad) fail(src_name, "could not be copied whole");
    }
}

static void copy(int sfd, int dfd, off_t size, char *first)
{
    for (off_t at = 0; at < size; at += WINDOW) {
        size_t n = size - at < WINDOW ? size - at : WINDOW;
        char *s = at ? map_source(sfd, at, n) : first;
        char *d = mmap(0, n, PROT_READ | PROT_WRITE, MAP_SHARED, dfd, at);
        if (d == MAP_FAILED) fail(dst_name, strerror(errno));
        dst_map_len = n;
        dst_map = d;
        memcpy(d, s, n);
        dst_map = 0;
        munmap(d, n);
        munmap(s, n);
    }
}

int main(int argc, char **argv)
{
    int atomic = argc > 1 && !strcmp(argv[1], "--atomic") && argc != 3;
    if (argc != 3 + atomic || (argc == 3 && !strcmp(argv[1], "--atomic"))) {
        dprintf(2, "usage: lab3-copy [--atomic] SOURCE DESTINATION\n");
        return 2;
    }
    src_name = argv[1 + atomic];
    dst_name = argv[2 + atomic];
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGXFSZ, SIG_IGN);
    struct sigaction act = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };
    sigaction(SIGBUS, &act, 0);

    struct stat s, d;
    if (stat(src_name, &s) < 0) fail(src_name, strerror(errno));
    if (!S_ISREG(s.st_mode)) fail(src_name, "not a regular file");
    int sfd = open(src_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (sfd < 0 || fstat(sfd, &s) < 0) fail(src_name, strerror(errno));
    if (!S_ISREG(s.st_mode)) fail(src_name, "not a regular file");
    off_t size = s.st_size;
    if (size == 0) {
        char c;
        ssize_t n = read(sfd, &c, 1);
        if (n != 0) fail(src_name, "does not tell its size");
    }
    char *first = 0;
    if (size) first = map_source(sfd, 0, size < WINDOW ? size : WINDOW);

    follow_links(dst_name);
    int there = stat(real_dst, &d) == 0;
    if (!there && errno != ENOENT) fail(dst_name, strerror(errno));
    if (there && !S_ISREG(d.st_mode)) fail(dst_name, "not a regular file");
    if (there && d.st_dev == s.st_dev && d.st_ino == s.st_ino) fail(dst_name, "is the source itself");

    if (atomic) {
        if (there) {
            int w = open(real_dst, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
            if (w < 0) fail(dst_name, strerror(errno));
            close(w);
        }
        char *slash = strrchr(real_dst, '/');
        int folder = slash ? slash - real_dst + 1 : 0;
        char name[sizeof made];
        for (int i = 0;; i++) {
            snprintf(name, sizeof name, "%.*s.lab3-%d-%d", folder, real_dst, (int)getpid(), i);
            dst_fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, there ? 0600 : s.st_mode & 0777);
            if (dst_fd >= 0) break;
            if (errno != EEXIST || i > 1000) fail(dst_name, strerror(errno));
        }
        strcpy(made, name);
    } else if (there) {
        dst_fd = open(real_dst, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (dst_fd < 0) fail(dst_name, strerror(errno));
        fstat(dst_fd, &d);
        old_length = d.st_size;
    } else {
        dst_fd = open(real_dst, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, s.st_mode & 0777);
        if (dst_fd < 0) fail(dst_name, strerror(errno));
        strcpy(made, real_dst);
    }

    give_length(dst_fd, there && !atomic ? d.st_size : 0, size);
    printf("size: %lld\n", (long long)size);
    if (size > (off_t)16 << 20) copy_in_pairs(sfd, dst_fd, size, first);
    else copy(sfd, dst_fd, size, first);

    struct stat now;
    if (fstat(sfd, &now) < 0 || now.st_size < size) fail(src_name, "became shorter meanwhile");
    if (atomic) {
        if (there && fchmod(dst_fd, d.st_mode & 0777) < 0) fail(dst_name, strerror(errno));
        if (rename(made, real_dst) < 0) fail(dst_name, strerror(errno));
    }
    made[0] = 0;
    printf("copied: %lld\n", (long long)size);
    return 0;
}
