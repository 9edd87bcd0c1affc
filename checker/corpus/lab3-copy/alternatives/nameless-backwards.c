// expect: passes
// about: --atomic makes a file without a name (O_TMPFILE) that gets a temporary name only when it is complete, then renameat2; the copy goes from the last window to the first, SOURCE's windows placed by MAP_FIXED, DESTINATION's one window moved by remap_file_pages; statx, SIGBUS by siglongjmp, both facts at the end.
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
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define WINDOW ((size_t)4 << 20)

static sigjmp_buf gone;
static void on_bus(int sig) { siglongjmp(gone, 1); }

static char *real, *temporary;
static int undo_fd = -1, undo_unlink;
static off_t undo_length;

static int sorry(const char *name, int e)
{
    if (undo_unlink) unlink(real);
    if (temporary) unlink(temporary);
    if (undo_fd >= 0) ftruncate(undo_fd, undo_length);
    fprintf(stderr, "No copy! %s: %s.\n", name, strerror(e));
    exit(1);
}

static char *resolved(const char *name)
{
    char *path = strdup(name), text[PATH_MAX];
    for (int i = 0; i < 41; i++) {
        ssize_t n = readlink(path, text, sizeof text);
        if (n < 0) return path;
        char *slash = strrchr(path, '/'), *next;
        asprintf(&next, "%.*s%.*s", text[0] != '/' && slash ? (int)(slash - path + 1) : 0, path, (int)n, text);
        free(path);
        path = next;
    }
    sorry(name, ELOOP);
}

static int look(int fd, const char *path, struct statx *x)
{
    return statx(fd, path, *path ? 0 : AT_EMPTY_PATH, STATX_BASIC_STATS, x);
}

static void name_it(const char *dst, int fd)
{
    char self[64];
    char *slash = strrchr(real, '/');
    sprintf(self, "/proc/self/fd/%d", fd);
    for (int i = 0;; i++) {
        char *t;
        asprintf(&t, "%.*s.%d~%d", slash ? (int)(slash - real + 1) : 0, real, getpid(), i);
        if (linkat(AT_FDCWD, self, AT_FDCWD, t, AT_SYMLINK_FOLLOW) == 0) { temporary = t; return; }
        if (errno != EEXIST || i == 1000) sorry(dst, errno);
        free(t);
    }
}

static int nameless(const char *dst, mode_t mode)
{
    char *slash = strrchr(real, '/'), *folder;
    asprintf(&folder, "%.*s.", slash ? (int)(slash - real + 1) : 0, real);
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    free(folder);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        for (int i = 0; i < 1000; i++) {        /* a file system without nameless files */
            char *t;
            asprintf(&t, "%.*s.%d~%d", slash ? (int)(slash - real + 1) : 0, real, getpid(), i);
            fd = open(t, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode);
            if (fd >= 0) { temporary = t; break; }
            free(t);
            if (errno != EEXIST) break;
        }
    if (fd < 0) sorry(dst, errno);
    return fd;
}

int main(int argc, char **argv)
{
    struct statx s, d, now;
    const int atomic = argc == 4 && strcmp(argv[1], "--atomic") == 0;
    if (!atomic && (argc != 3 || strcmp(argv[1], "--atomic") == 0)) {
        fputs("usage: lab3-copy [--atomic] SOURCE DESTINATION\n", stderr);
        return 2;
    }
    const char *src = argv[argc - 2], *dst = argv[argc - 1];
    signal(SIGXFSZ, SIG_IGN);

    if (look(AT_FDCWD, *src ? src : "/nowhere/at/all", &s) < 0) sorry(src, errno);
    if (!S_ISREG(s.stx_mode)) sorry(src, ENOTSUP);
    int in = open(src, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (in < 0 || look(in, "", &s) < 0) sorry(src, errno);
    if (!S_ISREG(s.stx_mode)) sorry(src, ENOTSUP);
    const off_t size = s.stx_size;
    const size_t full = size < (off_t)WINDOW ? (size + 4095) & ~4095UL : WINDOW;
    char *from = 0, *to = 0;
    if (size == 0) {
        char c;
        if (read(in, &c, 1)) sorry(src, ENODATA);
    } else {
        from = mmap(0, full, PROT_READ, MAP_SHARED, in, (size - 1) / full * full);
        if (from == MAP_FAILED) sorry(src, errno);
    }

    real = *dst ? resolved(dst) : strdup("");
    int there = *real && look(AT_FDCWD, real, &d) == 0;
    if (!there && (!*real || errno != ENOENT)) sorry(dst, *real ? errno : ENOENT);
    if (there && !S_ISREG(d.stx_mode)) sorry(dst, S_ISDIR(d.stx_mode) ? EISDIR : ENOTSUP);
    if (there && d.stx_ino == s.stx_ino && d.stx_dev_major == s.stx_dev_major && d.stx_dev_minor == s.stx_dev_minor)
        sorry(dst, EDEADLK);

    int out;
    if (!atomic) {
        out = open(real, O_RDWR | O_NONBLOCK | O_CLOEXEC | (there ? 0 : O_CREAT | O_EXCL), s.stx_mode & 0777);
        if (out < 0) sorry(dst, errno);
        if (there) undo_length = d.stx_size, undo_fd = out;
        else undo_unlink = 1;
    } else {
        if (there) {
            out = open(real, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
            if (out < 0) sorry(dst, errno);
            close(out);
        }
        out = nameless(dst, there ? 0600 : s.stx_mode & 0777);
    }
    if (size && fallocate(out, 0, 0, size) < 0 && errno != EOPNOTSUPP && errno != ENOSYS) sorry(dst, errno);
    if (ftruncate(out, size) < 0) sorry(dst, errno);

    if (size) {
        if (sigsetjmp(gone, 1)) sorry(src, EIO);
        signal(SIGBUS, on_bus);
        off_t at = (size - 1) / full * full;
        to = mmap(0, full, PROT_READ | PROT_WRITE, MAP_SHARED, out, at);
        if (to == MAP_FAILED) sorry(dst, errno);
        for (;; at -= full) {
            size_t n = size - at < (off_t)full ? size - at : full;
            memmove(to, from, n);
            if (at == 0) break;
            off_t before = at - full;
            if (mmap(from, full, PROT_READ, MAP_SHARED | MAP_FIXED, in, before) == MAP_FAILED) sorry(src, errno);
            if (syscall(SYS_remap_file_pages, to, full, 0, before / 4096, 0) < 0
                && mmap(to, full, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, out, before) == MAP_FAILED)
                sorry(dst, errno);
        }
        munmap(to, full);
        munmap(from, full);
        signal(SIGBUS, SIG_DFL);
    }
    if (look(in, "", &now) < 0 || now.stx_size < s.stx_size) sorry(src, ERANGE);
    if (atomic) {
        if (there && fchmod(out, d.stx_mode & 0777) < 0) sorry(dst, errno);
        if (!temporary) name_it(dst, out);
        if (renameat2(AT_FDCWD, temporary, AT_FDCWD, real, 0) < 0) sorry(dst, errno);
    }
    char line[64];
    write(1, line, sprintf(line, "size: %jd\n", (intmax_t)size));
    write(1, line, sprintf(line, "copied: %jd\n", (intmax_t)size));
    return 0;
}
