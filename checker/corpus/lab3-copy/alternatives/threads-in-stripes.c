// expect: passes
// cc: -pthread -static
// about: Four threads take stripes of 1 MiB from a common counter, each with mappings of its own (MAP_SHARED_VALIDATE for DESTINATION), so the stripes arrive in any order; folders by descriptor (openat, renameat, unlinkat), permission bits by fchmod less the umask.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif

enum { STRIPE = 1 << 20, HANDS = 4 };

static struct {
    const char *from, *to;
    int in, out, folder;
    long long size, next;
    const char *volatile remove;    /* name in `folder` to be removed after a failure */
    volatile long long cut_back;    /* or the length to be given back to `out` */
} job = { .in = -1, .out = -1, .folder = -1, .cut_back = -1 };

static void clean(void)
{
    if (job.remove) unlinkat(job.folder, job.remove, 0);
    else if (job.cut_back >= 0) ftruncate(job.out, job.cut_back);
}

static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;

static void stop(const char *name, int number)
{
    char line[2 * PATH_MAX];
    pthread_mutex_lock(&once);      /* the first that fails speaks for all and ends the process */
    clean();
    int n = snprintf(line, sizeof line, "%s (%s)\n", name, strerror(number));
    write(STDERR_FILENO, line, n);
    _exit(1);
}

static void on_bus(int sig)
{
    static volatile int first;
    if (__sync_lock_test_and_set(&first, 1)) for (;;) pause();
    clean();
    char line[2 * PATH_MAX];
    size_t a = strlen(job.from), b = strlen(job.to);
    if (a + b + 64 > sizeof line) b = 0;
    memcpy(line, job.from, a);
    memcpy(line + a, " -> ", 4);
    memcpy(line + a + 4, job.to, b);
    memcpy(line + a + 4 + b, ": SIGBUS\n", 9);
    write(STDERR_FILENO, line, a + b + 13);
    _exit(1);
}

static void *hand(void *unused)
{
    for (;;) {
        long long at = __atomic_fetch_add(&job.next, STRIPE, __ATOMIC_SEQ_CST);
        if (at >= job.size) return 0;
        size_t n = job.size - at < STRIPE ? job.size - at : STRIPE;
        const char *a = mmap(0, n, PROT_READ, MAP_PRIVATE, job.in, at);
        if (a == MAP_FAILED) stop(job.from, errno);
        char *b = mmap(0, n, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE, job.out, at);
        if (b == MAP_FAILED) stop(job.to, errno);
        madvise((void *)a, n, MADV_SEQUENTIAL);
        for (size_t i = 0; i < n; ) {   /* words, then what is left */
            if (n - i >= 8) { *(unsigned long long *)(b + i) = *(const unsigned long long *)(a + i); i += 8; }
            else { b[i] = a[i]; i++; }
        }
        munmap((void *)a, n);
        munmap(b, n);
    }
}

static void tell(const char *fact)
{
    char line[64];
    write(STDOUT_FILENO, line, sprintf(line, "%s: %lld\n", fact, job.size));
}

int main(int argc, char **argv)
{
    int at_once = 0;
    if (argc >= 2 && strcmp(argv[1], "--atomic") == 0) { at_once = 1; argv++; argc--; }
    if (argc != 3) {
        static const char words[] = "usage: lab3-copy [--atomic] SOURCE DESTINATION\n";
        write(STDERR_FILENO, words, sizeof words - 1);
        return 2;
    }
    job.from = argv[1];
    job.to = argv[2];
    signal(SIGBUS, on_bus);
    signal(SIGXFSZ, SIG_IGN);
    mode_t mask = umask(0);
    umask(mask);

    struct stat s, d, t;
    int handle = open(job.from, O_PATH | O_CLOEXEC);    /* never waits, touches nothing */
    if (handle < 0 || fstat(handle, &s) < 0) stop(job.from, errno);
    if (!S_ISREG(s.st_mode)) stop(job.from, S_ISDIR(s.st_mode) ? EISDIR : EINVAL);
    close(handle);
    job.in = open(job.from, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (job.in < 0 || fstat(job.in, &s) < 0) stop(job.from, errno);
    if (!S_ISREG(s.st_mode)) stop(job.from, EINVAL);
    job.size = s.st_size;
    if (job.size == 0) {
        char c;
        ssize_t n = pread(job.in, &c, 1, 0);
        if (n) stop(job.from, n < 0 ? errno : EINVAL);
    } else {
        void *p = mmap(0, 1, PROT_READ, MAP_SHARED, job.in, 0);     /* can it be mapped at all? */
        if (p == MAP_FAILED) stop(job.from, errno);
        munmap(p, 1);
    }

    /* the folder and the name in it, past all links */
    static char name[2 * PATH_MAX], text[PATH_MAX], copy[2 * PATH_MAX];
    if (strlen(job.to) >= PATH_MAX) stop(job.to, ENAMETOOLONG);
    if (!*job.to) stop(job.to, ENOENT);
    strcpy(name, job.to);
    job.folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (int links = 0;; links++) {
        char *slash = strrchr(name, '/');
        if (slash) {
            memcpy(copy, name, slash - name + 1);
            copy[slash - name + 1] = 0;
            int f = openat(job.folder, copy, O_PATH | O_DIRECTORY | O_CLOEXEC);
            if (f < 0) stop(job.to, errno);
            close(job.folder);
            job.folder = f;
            memmove(name, slash + 1, strlen(slash + 1) + 1);
        }
        if (!*name) stop(job.to, EISDIR);
        ssize_t n = readlinkat(job.folder, name, text, sizeof text - 1);
        if (n < 0) break;
        if (links > 40) stop(job.to, ELOOP);
        text[n] = 0;
        strcpy(name, text);
    }
    int there = fstatat(job.folder, name, &d, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && errno != ENOENT) stop(job.to, errno);
    if (there && !S_ISREG(d.st_mode)) stop(job.to, S_ISDIR(d.st_mode) ? EISDIR : EINVAL);
    if (there && d.st_ino == s.st_ino && d.st_dev == s.st_dev) stop(job.to, EEXIST);
    static char fresh[64];
    mode_t bits = there ? d.st_mode & 0777 : s.st_mode & 0777 & ~mask;
    if (there) {
        int w = openat(job.folder, name, (at_once ? O_WRONLY : O_RDWR) | O_NONBLOCK | O_CLOEXEC);
        if (w < 0) stop(job.to, errno);
        job.out = w;
    }
    if (at_once) {
        if (there) close(job.out);
        do {
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            snprintf(fresh, sizeof fresh, "#%lx.%lx.%x#", (long)now.tv_sec, now.tv_nsec, getpid());
            job.out = openat(job.folder, fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        } while (job.out < 0 && errno == EEXIST);
        if (job.out < 0) stop(job.to, errno);
        job.remove = fresh;
    } else if (!there) {
        job.out = openat(job.folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (job.out < 0) stop(job.to, errno);
        job.remove = name;
    } else
        job.cut_back = d.st_size;
    if ((at_once || !there) && fchmod(job.out, bits) < 0) stop(job.to, errno);

    /* the length first, then the room */
    long long old = there && !at_once ? d.st_size : 0;
    if (old < job.size && ftruncate(job.out, job.size) < 0) stop(job.to, errno);
    if (job.size && fallocate(job.out, 0, 0, job.size) < 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        stop(job.to, errno);
    if (old > job.size && ftruncate(job.out, job.size) < 0) stop(job.to, errno);
    tell("size");

    pthread_t hands[HANDS - 1];
    int got = 0;
    if (job.size)
        while (got < HANDS - 1 && pthread_create(&hands[got], 0, hand, 0) == 0) got++;
    hand(0);
    while (got) pthread_join(hands[--got], 0);

    if (fstat(job.in, &t) < 0) stop(job.from, errno);
    if (t.st_size < job.size) stop(job.from, ESTALE);
    if (at_once && renameat(job.folder, fresh, job.folder, name) < 0) stop(job.to, errno);
    job.remove = 0;
    tell("copied");
    return 0;
}
