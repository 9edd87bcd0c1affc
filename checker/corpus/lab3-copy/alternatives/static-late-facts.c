// expect: passes
// cc: -static
// about: linked statically, prints its facts at the very end, copies through windows, replaces by rename.

// lab3-copy in C, statically linked: one memcpy per window.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW ((off_t)8 << 20)
#define OPENF (O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static sigjmp_buf bus;
static char *volatile win_src, *volatile win_dst;
static volatile size_t win_len;
static volatile int bus_in_dst;

static void on_bus(int s, siginfo_t *si, void *u) {
    (void)s; (void)u;
    char *a = si->si_addr;
    bus_in_dst = win_dst && a >= win_dst && a < win_dst + ((win_len + 4095) & ~(size_t)4095);
    siglongjmp(bus, 1);
}

static int complain(const char *name, const char *what, int err) {
    dprintf(2, "lab3-copy: %s: %s%s%s\n", name, what, err ? ": " : "", err ? strerror(err) : "");
    return 1;
}

// follow the last component's links, so that a dangling one names its target
static int follow(const char *path, char out[PATH_MAX]) {
    if (strlen(path) >= PATH_MAX) { errno = ENAMETOOLONG; return -1; }
    strcpy(out, path);
    for (int i = 0; i < 40; i++) {
        char link[PATH_MAX], tmp[2 * PATH_MAX];
        ssize_t n = readlink(out, link, sizeof link - 1);
        if (n < 0) return errno == EINVAL || errno == ENOENT ? 0 : -1;
        link[n] = 0;
        char *slash = strrchr(out, '/');
        if (link[0] == '/' || !slash) strcpy(tmp, link);
        else snprintf(tmp, sizeof tmp, "%.*s/%s", (int)(slash - out), out, link);
        if (strlen(tmp) >= PATH_MAX) { errno = ENAMETOOLONG; return -1; }
        strcpy(out, tmp);
    }
    errno = ELOOP;
    return -1;
}

static struct {
    const char *src, *dst;
    int sfd, dfd;
    struct stat st;           // of the source
    off_t old;                // length of an old destination that we write into, or -1
    char path[PATH_MAX];      // what to unlink on failure, or ""
} c;

static int undo(void) {
    if (c.path[0]) unlink(c.path);
    return 1;
}

static int make_room(void) {
    int err = 0;
    if (c.st.st_size && fallocate(c.dfd, 0, 0, c.st.st_size) && errno != EOPNOTSUPP && errno != ENOSYS)
        err = errno;
    if (!err && ftruncate(c.dfd, c.st.st_size)) err = errno;
    if (err && c.old >= 0 && ftruncate(c.dfd, c.old)) {}
    return err;
}

static int move_bytes(char *first, size_t first_len) {
    volatile off_t off = 0;
    char *volatile s = first;
    volatile size_t n = first_len;
    if (sigsetjmp(bus, 1)) {
        if (bus_in_dst) {
            if (c.old >= 0 && ftruncate(c.dfd, c.old)) {}
            return complain(c.dst, "no room for the copy", 0);
        }
        return complain(c.src, "shrank during the copy", 0);
    }
    while (off < c.st.st_size) {
        if (!s) {
            n = c.st.st_size - off < WINDOW ? c.st.st_size - off : WINDOW;
            s = mmap(NULL, n, PROT_READ, MAP_SHARED, c.sfd, off);
            if (s == MAP_FAILED) return complain(c.src, "mmap", errno);
        }
        char *d = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, c.dfd, off);
        if (d == MAP_FAILED) return complain(c.dst, "mmap", errno);
        win_src = s; win_dst = d; win_len = n;
        memcpy(d, s, n);
        win_src = win_dst = NULL;
        munmap(d, n);
        munmap(s, n);
        s = NULL;
        off += n;
    }
    struct stat now;
    if (fstat(c.sfd, &now)) return complain(c.src, "fstat", errno);
    if (now.st_size != c.st.st_size || now.st_mtim.tv_sec != c.st.st_mtim.tv_sec
        || now.st_mtim.tv_nsec != c.st.st_mtim.tv_nsec)
        return complain(c.src, "changed during the copy", 0);
    return 0;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    int atomic = argc > 1 && !strcmp(argv[1], "--atomic");
    if (argc != 3 + atomic) {
        dprintf(2, "usage: lab3-copy [--atomic] SOURCE DESTINATION\n");
        return 2;
    }
    c.src = argv[1 + atomic]; c.dst = argv[2 + atomic]; c.old = -1;

    struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };
    sigaction(SIGBUS, &sa, NULL);
    signal(SIGXFSZ, SIG_IGN);

    // the source
    if (stat(c.src, &c.st)) return complain(c.src, "stat", errno);
    if (!S_ISREG(c.st.st_mode)) return complain(c.src, "not a regular file", 0);
    if ((c.sfd = open(c.src, O_RDONLY | OPENF)) < 0) return complain(c.src, "open", errno);
    if (fstat(c.sfd, &c.st)) return complain(c.src, "fstat", errno);
    if (!S_ISREG(c.st.st_mode)) return complain(c.src, "not a regular file", 0);
    char *first = NULL;
    size_t first_len = 0;
    if (c.st.st_size == 0) {
        char b;
        ssize_t r = read(c.sfd, &b, 1);
        if (r < 0) return complain(c.src, "read", errno);
        if (r > 0) return complain(c.src, "does not tell its size", 0);
    } else {
        first_len = c.st.st_size < WINDOW ? c.st.st_size : WINDOW;
        first = mmap(NULL, first_len, PROT_READ, MAP_SHARED, c.sfd, 0);
        if (first == MAP_FAILED) return complain(c.src, "mmap", errno);
    }

    // the destination
    char target[PATH_MAX];
    struct stat d;
    int there = stat(c.dst, &d) == 0;
    if (!there && errno != ENOENT) return complain(c.dst, "stat", errno);
    if (follow(c.dst, target)) return complain(c.dst, "readlink", errno);
    int fd = -1;
    if (there) {
        if (!S_ISREG(d.st_mode)) return complain(c.dst, "not a regular file", 0);
        if ((fd = open(c.dst, O_RDWR | OPENF)) < 0) return complain(c.dst, "open", errno);
        if (fstat(fd, &d)) return complain(c.dst, "fstat", errno);
        if (!S_ISREG(d.st_mode)) return complain(c.dst, "not a regular file", 0);
        if (d.st_dev == c.st.st_dev && d.st_ino == c.st.st_ino)
            return complain(c.dst, "is the source itself", 0);
    }
    if (there && !atomic) {
        c.dfd = fd;
        c.old = d.st_size;
    } else if (!atomic) {
        c.dfd = open(target, O_RDWR | O_CREAT | O_EXCL | OPENF, c.st.st_mode & 0777);
        if (c.dfd < 0) return complain(c.dst, "create", errno);
        strcpy(c.path, target);
    } else {
        char *slash = strrchr(target, '/');
        int dir = slash ? slash - target + 1 : 0;
        if (!target[dir]) return complain(c.dst, "is a folder's name", 0);
        for (int i = 0;; i++) {
            char tmp[PATH_MAX];
            if (snprintf(tmp, sizeof tmp, "%.*s.copy-%d-%d", dir, target, getpid(), i) >= PATH_MAX)
                return complain(c.dst, "create", ENAMETOOLONG);
            c.dfd = open(tmp, O_RDWR | O_CREAT | O_EXCL | OPENF, there ? 0600 : c.st.st_mode & 0777);
            if (c.dfd >= 0) { strcpy(c.path, tmp); break; }
            if (errno != EEXIST) return complain(c.dst, "create a temporary file", errno);
        }
    }

    int err = make_room();
    if (err) { complain(c.dst, "no room for the copy", err); return undo(); }
    printf("size: %lld\n", (long long)c.st.st_size);
    if (move_bytes(first, first_len)) return undo();
    if (atomic) {
        if (there) {
            int own = fchown(c.dfd, d.st_uid, d.st_gid) == 0;
            if (fchmod(c.dfd, d.st_mode & (own ? 07777 : 0777))) { complain(c.dst, "fchmod", errno); return undo(); }
        }
        if (fsync(c.dfd)) { complain(c.dst, "fsync", errno); return undo(); }
        if (rename(c.path, target)) { complain(c.dst, "rename", errno); return undo(); }
    }
    printf("copied: %lld\n", (long long)c.st.st_size);
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
