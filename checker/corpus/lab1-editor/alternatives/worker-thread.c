// expect: passes
// cc: -pthread
// about: a worker thread stores and syncs, page by page, through a mapping that is made read-only first.

// lab1-editor in C, goroutine style: main talks, the worker stores and syncs.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// an unbuffered channel of ints, with job as its only shared state
typedef struct { pthread_mutex_t mu; pthread_cond_t cv; int full; int val; } chan;
#define CHAN { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 }
static void send_(chan *c, int v) {
    pthread_mutex_lock(&c->mu);
    while (c->full) pthread_cond_wait(&c->cv, &c->mu);
    c->val = v; c->full = 1;
    pthread_cond_broadcast(&c->cv);
    pthread_mutex_unlock(&c->mu);
}
static int recv_(chan *c) {
    pthread_mutex_lock(&c->mu);
    while (!c->full) pthread_cond_wait(&c->cv, &c->mu);
    int v = c->val; c->full = 0;
    pthread_cond_broadcast(&c->cv);
    pthread_mutex_unlock(&c->mu);
    return v;
}

static struct { int fd; off_t at; const char *text; size_t n; } job;
static chan stored = CHAN, synced = CHAN;
static const char *file = "";
static volatile off_t restore_to = -1;

static int fail(const char *what, int err) {
    dprintf(2, "lab1-editor: %s: %s: %s\n", file, what, strerror(err));
    return 1;
}

static void on_bus(int s) {
    (void)s;
    if (restore_to >= 0 && ftruncate(job.fd, restore_to)) {}
    fail("no room to store", ENOSPC);
    _exit(1);
}

static void *worker(void *unused) {
    size_t page = sysconf(_SC_PAGESIZE);
    size_t skip = job.at % page, len = skip + job.n;
    char *p = mmap(NULL, len, PROT_WRITE, MAP_SHARED, job.fd, job.at - skip);
    if (p == MAP_FAILED) { send_(&stored, errno); return unused; }
    for (size_t i = 0; i < job.n; i++) ((volatile char *)p)[skip + i] = job.text[i];
    restore_to = -1;
    send_(&stored, 0);
    int err = 0;
    if (mprotect(p, len, PROT_READ)) err = errno;
    for (size_t o = 0; o < len && !err; o += page)      // a page at a time
        if (msync(p + o, len - o < page ? len - o : page, MS_SYNC)) err = errno;
    munmap(p, len);
    send_(&synced, err);
    return unused;
}

static int open_regular(int flags, struct stat *st) {
    int fd = -1;
    if (stat(file, st)) { fail("stat", errno); return -1; }
    if (!S_ISREG(st->st_mode)) { fail("not a regular file", S_ISDIR(st->st_mode) ? EISDIR : EINVAL); return -1; }
    fd = open(file, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) { fail("open", errno); return -1; }
    if (fstat(fd, st) || !S_ISREG(st->st_mode)) { fail("fstat", EINVAL); return -1; }
    return fd;
}

static int show(void) {
    struct stat st;
    int fd = open_regular(O_RDONLY, &st);
    if (fd < 0) return 1;
    unsigned char *p = NULL;
    if (st.st_size) {
        p = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED) return fail("mmap", errno);
    }
    printf("size: %lld\ncontent: ", (long long)st.st_size);
    for (off_t i = 0; i < st.st_size && i < 64; i++)
        if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\') putchar(p[i]);
        else printf("\\x%02x", p[i]);
    putchar('\n');
    return 0;
}

// run the worker; the caller's facts are printed between store and sync
static int run(const char *fmt, ...) {
    pthread_t t;
    int err = pthread_create(&t, NULL, worker, NULL);
    if (err) return fail("thread", err);
    if ((err = recv_(&stored))) { pthread_join(t, NULL); return fail("mmap", err); }
    va_list ap;
    va_start(ap, fmt); vprintf(fmt, ap); va_end(ap);
    fflush(stdout);
    err = recv_(&synced);
    pthread_join(t, NULL);
    return err ? fail("msync", err) : 0;
}

static int overwrite(const char *text) {
    struct stat st;
    int fd = open_regular(O_RDWR, &st);
    if (fd < 0) return 1;
    size_t len = strlen(text), n = (off_t)len > st.st_size ? (size_t)st.st_size : len;
    printf("size: %lld\n", (long long)st.st_size);
    if (!n) { printf("written: 0\ncut: %zu\nsynced: 0\n", len); return 0; }
    job.fd = fd; job.at = 0; job.text = text; job.n = n;
    if (run("written: %zu\ncut: %zu\n", n, len - n)) return 1;
    printf("synced: %zu\n", n);
    return 0;
}

static int append(const char *text) {
    struct stat st;
    int fd = open_regular(O_RDWR, &st);
    if (fd < 0) return 1;
    struct flock lk = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    while (fcntl(fd, F_OFD_SETLKW, &lk))
        if (errno != EINTR) return fail("lock", errno);
    if (fstat(fd, &st)) return fail("fstat", errno);
    off_t old = st.st_size, n = strlen(text);
    printf("size: %lld\n", (long long)old);
    if (!n) { printf("appended: 0\nsynced: 0\nnew size: %lld\n", (long long)old); return 0; }
    // blocks first, length second
    int err = 0;
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, old, n) && errno != EOPNOTSUPP && errno != ENOSYS) err = errno;
    if (!err && ftruncate(fd, old + n)) err = errno;
    if (err) { if (ftruncate(fd, old)) {} return fail("cannot grow", err); }
    job.fd = fd; job.at = old; job.text = text; job.n = n; restore_to = old;
    if (run("appended: %lld\n", (long long)n)) {
        if (restore_to >= 0 && ftruncate(fd, old)) {}
        return 1;
    }
    printf("synced: %lld\nnew size: %lld\n", (long long)n, (long long)(old + n));
    return 0;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGBUS, on_bus);
    signal(SIGXFSZ, SIG_IGN);
    if (argc >= 3) file = argv[2];
    int r = 2;
    if (argc == 3 && !strcmp(argv[1], "show")) r = show();
    else if (argc == 4 && !strcmp(argv[1], "overwrite")) r = overwrite(argv[3]);
    else if (argc == 4 && !strcmp(argv[1], "append")) r = append(argv[3]);
    else dprintf(2, "usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT\n");
    if (r == 0 && (fflush(stdout) || ferror(stdout))) r = 1;
    return r;
}
