// expect: passes
// cc: -pthread
// varies: how many interleavings there is time for
// about: all additions, and init too, under a robust process-shared mutex of the C library that lies in a mapping of FILE.lock; it is made under flock, and after EOWNERDEAD it is made consistent; plain loads and stores.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *file;

static int usage(void)
{
    fputs("usage: lab5-counter init FILE | increment FILE [--times N] | watch FILE UNTIL | locks FILE\n", stderr);
    return 2;
}

static int fail(const char *why)
{
    fprintf(stderr, "lab5-counter: %s: %s\n", file, why);
    return 1;
}

/* one or more digits, not 0; too large for 64 bits is as good as the largest */
static int parse_times(const char *s, uint64_t *out)
{
    uint64_t n = 0;
    if (!*s)
        return 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return 0;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *s - '0', &n)) {
            for (; *s; s++)
                if (*s < '0' || *s > '9')
                    return 0;
            *out = UINT64_MAX;
            return 1;
        }
    }
    *out = n;
    return n != 0;
}

static int parse_value(const char *s, int64_t *out)
{
    int negative = *s == '-';
    int64_t v = 0;
    s += negative;
    if (!*s)
        return 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return 0;
        int d = *s - '0';
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, negative ? -d : d, &v))
            return 0;
    }
    *out = v;
    return 1;
}

/* opens FILE if it is a regular file; -1 after an error was printed */
static int open_regular(int flags, struct stat *st)
{
    int fd = open(file, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (fd < 0 || fstat(fd, st) < 0) {
        fail(strerror(errno));
        return -1;
    }
    if (!S_ISREG(st->st_mode)) {
        fail("not a regular file");
        return -1;
    }
    return fd;
}

static void *map(int fd, int prot)
{
    void *p = mmap(NULL, 8, prot, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        fail(strerror(errno));
        return NULL;
    }
    return p;
}

static int open_box(void);
static int lock(void);
static void unlock(void);

static int do_init(void)
{
    struct stat st;
    int fd = open_regular(O_RDWR | O_CREAT, &st);
    if (fd < 0)
        return 1;
    if (st.st_size != 0 && st.st_size != 8)
        return fail("not 8 bytes long");
    if (open_box() < 0)
        return fail("no lock beside it");
    int e = lock();
    if (e)
        return fail(strerror(e));
    if (fstat(fd, &st) < 0)
        return fail(strerror(errno));
    if (st.st_size == 0) {
        if (ftruncate(fd, 8) < 0)
            return unlock(), fail(strerror(errno));
    } else if (st.st_size != 8) {
        return unlock(), fail("not 8 bytes long");
    }
    int64_t *p = map(fd, PROT_READ | PROT_WRITE);
    if (!p)
        return unlock(), 1;
    __atomic_store_n(p, 0, __ATOMIC_SEQ_CST);
    printf("value: 0\n");
    unlock();
    return 0;
}

/* FILE.lock holds a mutex of the C library that all processes share */
struct box {
    pthread_mutex_t mutex;
    uint32_t ready;
};

static struct box *box;

static int open_box(void)
{
    char *name;
    if (asprintf(&name, "%s.lock", file) < 0)
        return -1;
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    free(name);
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        return -1;
    struct stat st;
    if (fstat(fd, &st) < 0 || (st.st_size < 4096 && ftruncate(fd, 4096) < 0))
        return -1;
    box = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (box == MAP_FAILED)
        return -1;
    if (__atomic_load_n(&box->ready, __ATOMIC_ACQUIRE) != 0x10c3) {
        pthread_mutexattr_t a;
        pthread_mutexattr_init(&a);
        pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&box->mutex, &a);
        __atomic_store_n(&box->ready, 0x10c3, __ATOMIC_RELEASE);
    }
    flock(fd, LOCK_UN);
    close(fd);
    return 0;
}

static int lock(void)
{
    int e = pthread_mutex_lock(&box->mutex);
    if (e == EOWNERDEAD) {
        /* its owner is gone; the counter is one store, so it is whole, and we have the lock */
        pthread_mutex_consistent(&box->mutex);
        e = 0;
    }
    return e;
}

static void unlock(void)
{
    pthread_mutex_unlock(&box->mutex);
}

static int do_increment(uint64_t n)
{
    struct stat st;
    int e, fd = open_regular(O_RDWR, &st);
    if (fd < 0)
        return 1;
    if (st.st_size != 8)
        return fail("not 8 bytes long");
    volatile int64_t *p = map(fd, PROT_READ | PROT_WRITE);
    if (!p)
        return 1;
    if (open_box() < 0)
        return fail("no lock beside it");
    int64_t v = 0;
    while (n) {
        if ((e = lock()))
            return fail(strerror(e));
        /* some at a time, so that the others get their turn */
        for (int i = 0; i < 200 && n; i++, n--) {
            v = *p;
            if (v == INT64_MAX) {
                unlock();
                return fail("the counter is full");
            }
            *p = ++v;
        }
        unlock();
    }
    printf("value: %lld\n", (long long)v);
    return 0;
}

static int do_watch(int64_t until)
{
    struct stat st;
    int fd = open_regular(O_RDONLY, &st);
    if (fd < 0)
        return 1;
    if (st.st_size != 8)
        return fail("not 8 bytes long");
    const int64_t *p = map(fd, PROT_READ);
    if (!p)
        return 1;
    int64_t largest = __atomic_load_n(p, __ATOMIC_SEQ_CST);
    printf("value: %lld\n", (long long)largest);
    while (largest < until) {
        int64_t v = __atomic_load_n(p, __ATOMIC_SEQ_CST);
        if (v > largest) {
            largest = v;
            printf("value: %lld\n", (long long)v);
        } else {
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        }
    }
    return 0;
}

/* what does another process meet? */
static int asked_by_another(int by_flock)
{
    pid_t child = fork();
    if (child == 0) {
        int held = 0;
        int fd = open(file, O_RDWR | O_CLOEXEC);
        if (by_flock) {
            held = flock(fd, LOCK_EX | LOCK_NB) < 0;
        } else {
            struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
            held = fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK;
        }
        _exit(held);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static int do_locks(void)
{
    struct stat st;
    int fd = open_regular(O_RDWR, &st);
    if (fd < 0)
        return 1;
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLK, &l) < 0)
        return fail(strerror(errno));
    printf("fcntl: %s\n", asked_by_another(0) ? "held" : "free");
    close(open(file, O_RDWR | O_CLOEXEC));
    printf("fcntl: %s\n", asked_by_another(0) ? "held" : "free");
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return fail(strerror(errno));
    printf("flock: %s\n", asked_by_another(1) ? "held" : "free");
    close(open(file, O_RDWR | O_CLOEXEC));
    printf("flock: %s\n", asked_by_another(1) ? "held" : "free");
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t n = 1;
    int64_t until;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 3)
        return usage();
    file = argv[2];
    if (!strcmp(argv[1], "init") && argc == 3)
        return do_init();
    if (!strcmp(argv[1], "locks") && argc == 3)
        return do_locks();
    if (!strcmp(argv[1], "increment") && argc == 3)
        return do_increment(1);
    if (!strcmp(argv[1], "increment") && argc == 5 && !strcmp(argv[3], "--times") && parse_times(argv[4], &n))
        return do_increment(n);
    if (!strcmp(argv[1], "watch") && argc == 4 && parse_value(argv[3], &until))
        return do_watch(until);
    return usage();
}
