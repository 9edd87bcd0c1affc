// expect: fails 7 with lock-around-half
// about: additions are kept apart by an flock on FILE.lock, which is removed when done, and who got the lock does not check that FILE.lock is still that file; with three processes one holds the removed file and a late one a new file, and additions are lost. Breaks "Several processes increment FILE at the same time ... None of the additions is lost".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *file;

static int usage(void) {
    fprintf(stderr, "usage: lab5-counter init FILE | increment FILE [--times N] | watch FILE UNTIL | locks FILE\n");
    return 2;
}
static void die(const char *why) {
    fprintf(stderr, "lab5-counter: %s: %s\n", file, why);
    exit(1);
}
static void say(int64_t v) {
    if (printf("value: %lld\n", (long long)v) < 0 || fflush(stdout))
        exit(1);
}
/* One or more digits, not 0; what is too large for 64 bits stays at the largest. */
static int parse_times(const char *s, uint64_t *out) {
    uint64_t n = 0;
    if (!*s) return 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9') return 0;
        unsigned d = *s - '0';
        if (n > (UINT64_MAX - d) / 10) n = UINT64_MAX;
        else n = n * 10 + d;
    }
    *out = n;
    return n != 0;
}
static int parse_value(const char *s, int64_t *out) {
    int neg = *s == '-';
    uint64_t n = 0, limit = neg ? (uint64_t)1 << 63 : INT64_MAX;
    if (neg) s++;
    if (!*s) return 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9') return 0;
        unsigned d = *s - '0';
        if (n > (limit - d) / 10) return 0;
        n = n * 10 + d;
    }
    *out = neg ? (int64_t)(0 - n) : (int64_t)n;
    return 1;
}

static off_t length(int fd) {
    struct stat st;
    if (fstat(fd, &st)) die(strerror(errno));
    if (!S_ISREG(st.st_mode)) die("not a regular file");
    return st.st_size;
}
static int open_file(int flags, int create) {
    int fd = open(file, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && create)
        fd = open(file, flags | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (fd < 0) die(strerror(errno));
    length(fd);
    return fd;
}

static _Atomic int64_t *map(int fd, int prot) {
    if (length(fd) != 8) die("not 8 bytes long");
    void *p = mmap(NULL, 8, prot, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die(strerror(errno));
    return p;
}

static char lockname[PATH_MAX + 16];
static int lock(int fd) {
    snprintf(lockname, sizeof lockname, "%s.lock", file);
    int l = open(lockname, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (l < 0) {
        if (errno != EACCES && errno != EROFS) die(strerror(errno));
        lockname[0] = 0;   /* a folder that may not be written: FILE itself is the lock */
        l = fd;
    }
    while (flock(l, LOCK_EX))
        if (errno != EINTR) die(strerror(errno));
    return l;
}
static void unlock(int l) {
    if (lockname[0]) unlink(lockname);
    flock(l, LOCK_UN);
}

static int do_init(void) {
    int fd = open_file(O_RDWR, 1);
    int l = lock(fd);
    if (length(fd) == 0 && ftruncate(fd, 8)) die(strerror(errno));
    _Atomic int64_t *c = map(fd, PROT_READ | PROT_WRITE);
    atomic_store(c, 0);
    unlock(l);
    say(0);
    return 0;
}

static int do_increment(uint64_t times) {
    int fd = open_file(O_RDWR, 0);
    volatile int64_t *c = (volatile int64_t *)map(fd, PROT_READ | PROT_WRITE);
    int l = lock(fd);
    int64_t v = 0;
    for (uint64_t i = 0; i < times; i++) {
        v = *c;
        if (v == INT64_MAX) {
            unlock(l);
            die("no room for one more");
        }
        *c = ++v;
    }
    unlock(l);
    say(v);
    return 0;
}

static int do_watch(int64_t until) {
    _Atomic int64_t *c = map(open_file(O_RDONLY, 0), PROT_READ);
    int64_t printed = atomic_load(c);
    say(printed);
    while (printed < until) {
        struct timespec ts = {0, 5000000};
        nanosleep(&ts, NULL);
        int64_t v = atomic_load(c);
        if (v > printed) {
            printed = v;
            say(v);
        }
    }
    return 0;
}

static void tell(const char *kind, int held) {
    if (printf("%s: %s\n", kind, held ? "held" : "free") < 0 || fflush(stdout)) exit(1);
}
static int do_locks(void) {
    int fd = open_file(O_RDWR, 0);
    struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
    if (fcntl(fd, F_SETLK, &fl)) die(strerror(errno));
    tell("fcntl", 1);
    close(open_file(O_RDWR, 0));
    tell("fcntl", 0);
    if (flock(fd, LOCK_EX | LOCK_NB)) die(strerror(errno));
    tell("flock", 1);
    close(open_file(O_RDWR, 0));
    tell("flock", 1);
    return 0;
}

int main(int argc, char **argv) {
    uint64_t times = 1;
    int64_t until;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 3) return usage();
    const char *cmd = argv[1];
    file = argv[2];
    if (!strcmp(cmd, "init") && argc == 3) return do_init();
    if (!strcmp(cmd, "increment") && argc == 3) return do_increment(1);
    if (!strcmp(cmd, "increment") && argc == 5 && !strcmp(argv[3], "--times") && parse_times(argv[4], &times))
        return do_increment(times);
    if (!strcmp(cmd, "watch") && argc == 4 && parse_value(argv[3], &until)) return do_watch(until);
    if (!strcmp(cmd, "locks") && argc == 3) return do_locks();
    return usage();
}
