// expect: fails 14
// about: refuses a SOURCE without a size only if its name begins with /proc/; the same file by a symbolic link, by /../proc/ or by a relative path is copied as an empty file with exit status 0 (clause 14: "Such a SOURCE is refused ... no DESTINATION is created").
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WIN ((off_t)16 << 20)

static char doomed[PATH_MAX + 64]; /* a file of ours to remove if the copy fails */
static const char *src, *dst;

static int bad(const char *name, const char *why)
{
    if (doomed[0])
        unlink(doomed);
    fprintf(stderr, "lab3-copy: %s: %s\n", name, why);
    return 1;
}

static void on_bus(int sig)
{
    static const char msg[] = ": the file shrank while it was copied\n";
    if (doomed[0])
        unlink(doomed);
    write(2, src, strlen(src));
    write(2, msg, sizeof msg - 1);
    _exit(1);
}

/* the name at the end of a chain of symbolic links; the last one need not exist */
static int resolve(const char *name, char *out)
{
    char link[PATH_MAX];
    if (strlen(name) >= PATH_MAX) { errno = ENAMETOOLONG; return -1; }
    strcpy(out, name);
    for (int i = 0; i < 40; i++) {
        ssize_t n = readlink(out, link, sizeof link - 1);
        if (n < 0)
            return 0;
        link[n] = 0;
        char *slash = strrchr(out, '/');
        if (link[0] == '/' || !slash) {
            strcpy(out, link);
        } else {
            if (slash + 1 - out + n >= PATH_MAX) { errno = ENAMETOOLONG; return -1; }
            strcpy(slash + 1, link);
        }
    }
    errno = ELOOP;
    return -1;
}

/* reserve the blocks and set the length; on failure the old length is back */
static int make_room(int fd, off_t size, off_t old)
{
    int r = 0;
    if (size > 0) {
        do r = fallocate(fd, 0, 0, size); while (r < 0 && errno == EINTR);
        if (r < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
            r = 0;
    }
    if (r == 0)
        do r = ftruncate(fd, size); while (r < 0 && errno == EINTR);
    if (r < 0) {
        int e = errno;
        ftruncate(fd, old);
        errno = e;
    }
    return r;
}

static const char *copy_bytes(int sfd, int dfd, off_t size)
{
    for (off_t off = 0; off < size; off += WIN) {
        size_t n = size - off < WIN ? size - off : WIN;
        char *s = mmap(NULL, n, PROT_READ, MAP_PRIVATE, sfd, off);
        if (s == MAP_FAILED)
            return src;
        char *d = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, dfd, off);
        if (d == MAP_FAILED)
            return dst;
        memcpy(d, s, n);
        munmap(s, n);
        munmap(d, n);
    }
    return NULL;
}

static int make_temp(const char *real, mode_t mode)
{
    const char *slash = strrchr(real, '/');
    int dirlen = slash ? slash + 1 - real : 0;
    for (int i = 0; i < 1000; i++) {
        char name[PATH_MAX + 64];
        snprintf(name, sizeof name, "%.*s.lab3-%d-%d", dirlen, real, (int)getpid(), i);
        int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0) {
            strcpy(doomed, name);
            return fd;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

int main(int argc, char **argv)
{
    int atomic = 0;
    if (argc > 1 && strcmp(argv[1], "--atomic") == 0) {
        atomic = 1;
        argc--;
        argv++;
    }
    if (argc != 3) {
        fprintf(stderr, "usage: lab3-copy [--atomic] SOURCE DESTINATION\n");
        return 2;
    }
    src = argv[1];
    dst = argv[2];
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGBUS, on_bus);
    signal(SIGXFSZ, SIG_IGN);

    /* SOURCE */
    struct stat ss, ds;
    if (stat(src, &ss) < 0)
        return bad(src, strerror(errno));
    if (!S_ISREG(ss.st_mode))
        return bad(src, "not a regular file");
    int sfd = open(src, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (sfd < 0 || fstat(sfd, &ss) < 0)
        return bad(src, strerror(errno));
    if (!S_ISREG(ss.st_mode))
        return bad(src, "not a regular file");
    off_t size = ss.st_size;
    if (size == 0) {
        if (strncmp(src, "/proc/", 6) == 0)
            return bad(src, "does not tell its size");
    } else {
        void *probe = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, sfd, 0);
        if (probe == MAP_FAILED)
            return bad(src, strerror(errno));
        munmap(probe, 1);
    }

    /* DESTINATION */
    char real[PATH_MAX];
    if (resolve(dst, real) < 0)
        return bad(dst, strerror(errno));
    int exists = 1, dfd = -1;
    if (stat(real, &ds) < 0) {
        if (errno != ENOENT)
            return bad(dst, strerror(errno));
        exists = 0;
    } else {
        if (ds.st_dev == ss.st_dev && ds.st_ino == ss.st_ino)
            return bad(dst, "is the source itself");
        if (!S_ISREG(ds.st_mode))
            return bad(dst, "not a regular file");
        dfd = open(real, (atomic ? O_WRONLY : O_RDWR) | O_NONBLOCK | O_CLOEXEC);
        if (dfd < 0 || fstat(dfd, &ds) < 0)
            return bad(dst, strerror(errno));
    }
    if (atomic) {
        if (dfd >= 0)
            close(dfd);
        dfd = make_temp(real, exists ? 0600 : ss.st_mode & 0777);
        if (dfd < 0)
            return bad(dst, strerror(errno));
        if (exists && fchmod(dfd, ds.st_mode & 07777) < 0)
            return bad(dst, strerror(errno));
    } else if (!exists) {
        dfd = open(real, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, ss.st_mode & 0777);
        if (dfd < 0)
            return bad(dst, strerror(errno));
        strcpy(doomed, real);
    }
    if (make_room(dfd, size, atomic || !exists ? 0 : ds.st_size) < 0)
        return bad(dst, strerror(errno));

    printf("size: %lld\n", (long long)size);
    const char *culprit = copy_bytes(sfd, dfd, size);
    if (culprit)
        return bad(culprit, strerror(errno));
    struct stat now;
    if (fstat(sfd, &now) < 0 || now.st_size < size)
        return bad(src, "shrank while it was copied");
    if (atomic && rename(doomed, real) < 0)
        return bad(dst, strerror(errno));
    doomed[0] = 0;
    printf("copied: %lld\n", (long long)size);
    return 0;
}
