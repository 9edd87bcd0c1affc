// expect: fails 10
// about: Every clause, but two files are taken for one if their inode numbers are the same, whatever disk they are on.

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

#define WINDOW ((off_t)4 << 20)

static sigjmp_buf fault;

static void on_fault(int signal)
{
    siglongjmp(fault, 1);
}

static int error(const char *name, int e)
{
    fprintf(stderr, "lab3-copy: %s: %s\n", name, strerror(e));
    return 1;
}

/* 0, or an error number; *culprit says whose. */
static int fill(int in, int out, off_t size, const char *from, const char *to, const char **volatile culprit)
{
    *culprit = from;
    if (sigsetjmp(fault, 1))
        return EIO;
    for (off_t at = 0; at < size; at += WINDOW) {
        size_t n = size - at < WINDOW ? size - at : WINDOW;
        *culprit = to;
        if (fallocate(out, 0, at, n) < 0 && errno != EOPNOTSUPP && errno != ENOSYS)
            return errno;
        char *d = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, out, at);
        if (d == MAP_FAILED)
            return errno;
        *culprit = from;
        char *s = mmap(NULL, n, PROT_READ, MAP_SHARED, in, at);
        if (s == MAP_FAILED)
            return errno;
        memcpy(d, s, n);
        munmap(s, n);
        munmap(d, n);
    }
    struct stat now;
    if (fstat(in, &now) < 0)
        return errno;
    return now.st_size == size ? 0 : ESTALE;
}

/* Follows a symbolic link at the end of the path, also one that leads nowhere yet. */
static int resolve(const char *path, char real[PATH_MAX])
{
    if (snprintf(real, PATH_MAX, "%s", path) >= PATH_MAX)
        return ENAMETOOLONG;
    for (int hops = 0; hops < 40; hops++) {
        char link[PATH_MAX], next[PATH_MAX];
        ssize_t n = readlink(real, link, sizeof link - 1);
        if (n < 0)
            return 0;
        link[n] = 0;
        char *slash = strrchr(real, '/');
        int dir = link[0] == '/' || !slash ? 0 : slash + 1 - real;
        if (snprintf(next, sizeof next, "%.*s%s", dir, real, link) >= PATH_MAX)
            return ENAMETOOLONG;
        strcpy(real, next);
    }
    return ELOOP;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    int atomic = argc == 4 && strcmp(argv[1], "--atomic") == 0;
    if (argc != 3 && !atomic) {
        fprintf(stderr, "usage: lab3-copy [--atomic] SOURCE DESTINATION\n");
        return 2;
    }
    const char *from = argv[1 + atomic], *to = argv[2 + atomic], *culprit;
    struct stat s, d;
    char byte, real[PATH_MAX], temporary[PATH_MAX];
    int e;

    signal(SIGBUS, on_fault);
    signal(SIGXFSZ, SIG_IGN);
    int in = open(from, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (in < 0 || fstat(in, &s) < 0)
        return error(from, errno);
    if (!S_ISREG(s.st_mode))
        return error(from, EINVAL);
    if (s.st_size == 0 && read(in, &byte, 1) != 0)
        return error(from, EOPNOTSUPP);
    if (s.st_size > 0) { /* can it be mapped at all? */
        void *p = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, in, 0);
        if (p == MAP_FAILED)
            return error(from, errno);
        munmap(p, getpagesize());
    }

    if ((e = resolve(to, real)))
        return error(to, e);
    int created = 0;
    int out = open(real, O_RDWR | O_NONBLOCK | O_NOCTTY);
    if (out < 0 && errno == ENOENT) {
        created = 1;
        if (!atomic)
            out = open(real, O_RDWR | O_CREAT | O_EXCL, s.st_mode & 0777);
    }
    if (out < 0 && !(created && atomic))
        return error(to, errno);
    if (out >= 0) {
        if (fstat(out, &d) < 0)
            return error(to, errno);
        if (!S_ISREG(d.st_mode))
            return error(to, EINVAL);
        if (s.st_ino == d.st_ino)
            return error(to, EEXIST);
    }

    if (atomic) {
        mode_t mask = umask(0), bits = created ? s.st_mode & 0777 & ~mask : d.st_mode & 07777;
        char *slash = strrchr(real, '/');
        if (snprintf(temporary, sizeof temporary, "%.*s.lab3-XXXXXX", slash ? (int)(slash + 1 - real) : 0, real) >= PATH_MAX)
            return error(to, ENAMETOOLONG);
        if (out >= 0)
            close(out);
        out = mkostemp(temporary, O_CLOEXEC);
        if (out < 0)
            return error(to, errno);
        culprit = to;
        e = ftruncate(out, s.st_size) < 0 ? errno : fill(in, out, s.st_size, from, to, &culprit);
        if (!e && (fchmod(out, bits) < 0 || fsync(out) < 0 || rename(temporary, real) < 0)) {
            e = errno;
            culprit = to;
        }
        if (e) {
            unlink(temporary);
            return error(culprit, e);
        }
    } else {
        culprit = to;
        e = ftruncate(out, s.st_size) < 0 ? errno : fill(in, out, s.st_size, from, to, &culprit);
        if (e) {
            if (created)
                unlink(real);
            else
                ftruncate(out, d.st_size);
            return error(culprit, e);
        }
    }
    printf("size: %jd\n", (intmax_t)s.st_size);
    printf("copied: %jd\n", (intmax_t)s.st_size);
    return 0;
}
