// expect: passes
// cc: -pthread
// varies: how many interleavings there is time for
// about: additions are plain ones under a robust process-shared mutex of the C library that lives in a mapping of FILE.lock (set up once under flock); increment wakes a futex on the counter, and watch waits on it for 100 ms at most.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct box {
    volatile uint32_t ready;
    pthread_mutex_t mutex;
};
static char *file;
static struct box *box;
static int fallback = -1;

_Noreturn static void stop(char *what, int err) {
    fprintf(stderr, "%s: %s: %s\n", file, what, strerror(err));
    exit(1);
}
static void line(long long v) {
    printf("value: %lld\n", v);
    if (ferror(stdout)) exit(1);
}
static off_t check(int fd) {
    struct stat st;
    if (fstat(fd, &st)) stop("fstat", errno);
    if (!S_ISREG(st.st_mode)) stop("not a regular file", EINVAL);
    return st.st_size;
}
static int take(int mode, int create) {
    int fd = open(file, mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ENOENT && create) fd = open(file, mode | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
    if (fd < 0) stop("open", errno);
    check(fd);
    return fd;
}
static void whole(int fd, int how) {
    while (flock(fd, how))
        if (errno != EINTR) stop("flock", errno);
}
static void prepare(int fd) {
    char *name;
    if (asprintf(&name, "%s.lock", file) < 0) stop("no memory", ENOMEM);
    int l = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (l < 0) {
        if (errno != EACCES && errno != EROFS && errno != ENAMETOOLONG) stop("its lock", errno);
        fallback = fd;   /* no file can be made beside it: FILE itself is locked */
        return;
    }
    whole(l, LOCK_EX);
    if (check(l) < (off_t)sizeof(struct box) && ftruncate(l, sizeof(struct box))) stop("its lock", errno);
    box = mmap(NULL, sizeof(struct box), PROT_READ | PROT_WRITE, MAP_SHARED, l, 0);
    if (box == MAP_FAILED) stop("its lock", errno);
    if (!box->ready) {
        pthread_mutexattr_t a;
        pthread_mutexattr_init(&a);
        pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
        int e = pthread_mutex_init(&box->mutex, &a);
        if (e) stop("its lock", e);
        __atomic_store_n(&box->ready, 1, __ATOMIC_SEQ_CST);
    }
    whole(l, LOCK_UN);
    close(l);
}
static void enter(void) {
    if (fallback >= 0) {
        whole(fallback, LOCK_EX);
        return;
    }
    int e = pthread_mutex_lock(&box->mutex);
    /* whoever died in there left the old value or the new one: nothing to repair */
    if (e == EOWNERDEAD) e = pthread_mutex_consistent(&box->mutex);
    if (e) stop("its lock", e);
}
static void leave(void) {
    if (fallback >= 0) whole(fallback, LOCK_UN);
    else pthread_mutex_unlock(&box->mutex);
}
static volatile int64_t *map(int fd, int prot) {
    if (check(fd) != 8) stop("not 8 bytes long", EINVAL);
    void *p = mmap(NULL, sizeof(int64_t), prot, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) stop("mmap", errno);
    return p;
}
static int init(void) {
    int fd = take(O_RDWR, 1);
    prepare(fd);
    enter();
    if (check(fd) == 0 && ftruncate(fd, 8)) stop("ftruncate", errno);
    *map(fd, PROT_READ | PROT_WRITE) = 0;
    line(0);
    leave();
    return 0;
}
static int increment(unsigned long long times) {
    int fd = take(O_RDWR, 0), full = 0;
    volatile int64_t *c = map(fd, PROT_READ | PROT_WRITE);
    prepare(fd);
    int64_t v = 0;
    while (times && !full) {
        enter();
        for (int i = 0; i < 500 && times; i++, times--) {
            v = *c;
            if ((full = v == INT64_MAX)) break;
            *c = ++v;
        }
        leave();
    }
    syscall(SYS_futex, c, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    if (full) stop("the largest value", ERANGE);
    line(v);
    return 0;
}
static int watch(int64_t until) {
    volatile int64_t *c = map(take(O_RDONLY, 0), PROT_READ);
    int64_t seen = *c, top = seen;
    line(top);
    while (top < until) {
        struct timespec most = {0, 100000000}, least = {0, 1000000};
        nanosleep(&least, NULL);
        syscall(SYS_futex, c, FUTEX_WAIT, (uint32_t)seen, &most, NULL, 0);
        seen = *c;
        if (seen > top) line(top = seen);
    }
    return 0;
}
static int locks(void) {
    int fd = take(O_RDWR, 0);
    struct flock f;
    memset(&f, 0, sizeof f);
    f.l_type = F_WRLCK;
    if (fcntl(fd, F_SETLK, &f)) stop("fcntl", errno);
    puts("fcntl: held");
    close(take(O_RDWR, 0));
    puts("fcntl: free");
    if (flock(fd, LOCK_EX | LOCK_NB)) stop("flock", errno);
    puts("flock: held");
    close(take(O_RDWR, 0));
    puts("flock: held");
    return ferror(stdout) ? 1 : 0;
}
static int digits(char *s) {
    if (!*s) return 0;
    while (*s >= '0' && *s <= '9') s++;
    return !*s;
}
int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc >= 3) {
        char *cmd = argv[1];
        file = argv[2];
        if (!strcmp(cmd, "init") && argc == 3) return init();
        if (!strcmp(cmd, "increment")) {
            if (argc == 3) return increment(1);
            if (argc == 5 && !strcmp(argv[3], "--times") && digits(argv[4])) {
                unsigned long long n = strtoull(argv[4], NULL, 10);
                if (n) return increment(n);
            }
        }
        if (!strcmp(cmd, "watch") && argc == 4 && digits(argv[3] + (argv[3][0] == '-'))) {
            errno = 0;
            long long until = strtoll(argv[3], NULL, 10);
            if (!errno) return watch(until);
        }
        if (!strcmp(cmd, "locks") && argc == 3) return locks();
    }
    fputs("usage: lab5-counter init FILE, increment FILE [--times N], watch FILE UNTIL, locks FILE\n", stderr);
    return 2;
}
