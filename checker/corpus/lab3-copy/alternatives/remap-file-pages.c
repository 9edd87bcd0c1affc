// expect: passes
// cc: -static
// about: static; one shared window of 2 MiB on DESTINATION is mapped once and slid along by remap_file_pages (which changes the offset of a mapping in place), that on SOURCE is replaced by MAP_FIXED; both lines are printed byte by byte with write, the length is given in several steps, the atomic form renames with renameat2.
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
#include <sys/uio.h>
#include <unistd.h>

enum { SPAN = 2 << 20 };
static const off_t STEP = (off_t)1 << 30;

static const char *from, *to;
static char waste[PATH_MAX + 32]; /* removed unless the copy succeeds */

static void out(const char *s)
{
    for (; *s; s++)
        while (write(1, s, 1) < 0 && errno == EINTR)
            ;
}

static void fact(const char *name, off_t value)
{
    char line[64];
    sprintf(line, "%s: %jd\n", name, (intmax_t)value);
    out(line);
}

/* async-signal-safe, for the handler calls it too */
static void quit(const char *name, const char *why)
{
    struct iovec v[] = {
        { "cannot copy; ", 13 }, { (char *)why, strlen(why) }, { " <", 2 },
        { (char *)name, strlen(name) }, { ">\n", 2 },
    };
    if (waste[0])
        unlink(waste);
    writev(2, v, 5);
    _exit(1);
}

static void quit_errno(const char *name) { quit(name, strerrordesc_np(errno) ?: "unknown"); }
static void bus(int sig) { quit(from, "it became shorter"); }

/* final name of a path whose last component may be a chain of links, possibly dangling */
static char *final_name(const char *path)
{
    char *now = strdup(path);
    for (int hops = 0; hops <= 40; hops++) {
        char text[PATH_MAX];
        ssize_t n = readlink(now, text, sizeof text - 1);
        if (n <= 0)
            return now;
        text[n] = 0;
        char *cut = strrchr(now, '/'), *next;
        if (cut && text[0] != '/')
            asprintf(&next, "%.*s/%s", (int)(cut - now), now, text);
        else
            next = strdup(text);
        free(now);
        now = next;
    }
    errno = ELOOP;
    return NULL;
}

static int grow(int fd, off_t size, off_t old)
{
    for (off_t at = 0; at < size;) {
        off_t n = size - at < STEP ? size - at : STEP;
        if (fallocate(fd, 0, at, n) < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EOPNOTSUPP || errno == ENOSYS)
                break;
            goto undo;
        }
        at += n;
    }
    struct stat st;
    if (fstat(fd, &st) == 0 && (st.st_size == size || ftruncate(fd, size) == 0))
        return 0;
undo:;
    int e = errno;
    ftruncate(fd, old);
    errno = e;
    return -1;
}

/* lets the window show len bytes from offset on; the kernel slides only what may be written */
static int slide(char *window, size_t len, int prot, int fd, off_t offset)
{
    size_t whole = (len + 4095) & ~(size_t)4095;
    if (prot & PROT_WRITE && syscall(SYS_remap_file_pages, window, whole, 0, offset >> 12, MAP_NONBLOCK) == 0)
        return 0;
    return mmap(window, len, prot, MAP_SHARED | MAP_FIXED, fd, offset) == MAP_FAILED ? -1 : 0;
}

int main(int argc, char **argv)
{
    int swap = argc >= 2 && !strcmp(argv[1], "--atomic");
    if (argc != 3 + swap) {
        static const char usage[] = "usage: lab3-copy [--atomic] SOURCE DESTINATION\n";
        write(2, usage, sizeof usage - 1);
        return 2;
    }
    from = argv[1 + swap];
    to = argv[2 + swap];
    struct sigaction sa = { .sa_handler = bus };
    sigaction(SIGBUS, &sa, NULL);
    sa.sa_handler = SIG_IGN;
    sigaction(SIGXFSZ, &sa, NULL);

    /* O_PATH opens nothing: a pipe does not wait, a device does not notice */
    struct stat a, b, st;
    int peek = open(from, O_PATH | O_CLOEXEC);
    if (peek < 0 || fstat(peek, &a) < 0)
        quit_errno(from);
    if (!S_ISREG(a.st_mode))
        quit(from, "not a regular file");
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (in < 0 || fstat(in, &a) < 0)
        quit_errno(from);
    if (!S_ISREG(a.st_mode))
        quit(from, "not a regular file");
    close(peek);
    off_t size = a.st_size;
    size_t first = size < SPAN ? size : SPAN;
    char *left = NULL, *right = NULL, c;
    if (size == 0) {
        if (pread(in, &c, 1, 0) != 0)
            quit(from, "the length of 0 is not true");
    } else {
        left = mmap(NULL, first, PROT_READ, MAP_SHARED, in, 0);
        if (left == MAP_FAILED)
            quit_errno(from);
    }

    char *name = final_name(to);
    if (!name)
        quit_errno(to);
    int there = 1, fd;
    peek = open(name, O_PATH | O_CLOEXEC);
    if (peek < 0) {
        if (errno != ENOENT)
            quit_errno(to);
        there = 0;
    } else {
        if (fstat(peek, &b) < 0)
            quit_errno(to);
        if (a.st_ino == b.st_ino && a.st_dev == b.st_dev)
            quit(to, "source and destination are one file");
        if (!S_ISREG(b.st_mode))
            quit(to, "not a regular file");
        close(peek);
    }
    if (swap) {
        if (there) {
            fd = open(name, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
            if (fd < 0)
                quit_errno(to);
            close(fd);
        }
        const char *slash = strrchr(name, '/');
        int n = slash ? slash - name + 1 : 0;
        if (n > PATH_MAX)
            quit(to, "name too long");
        for (unsigned k = getpid();; k++) {
            char temp[sizeof waste];
            sprintf(temp, "%.*s.~%x", n, name, k);
            fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, there ? 0600 : a.st_mode & 0777);
            if (fd >= 0) {
                strcpy(waste, temp);
                break;
            }
            if (errno != EEXIST)
                quit_errno(to);
        }
        if (there && fchmod(fd, b.st_mode & 07777) < 0)
            quit_errno(to);
    } else if (there) {
        fd = open(name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
            quit_errno(to);
    } else {
        fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, a.st_mode & 0777);
        if (fd < 0)
            quit_errno(to);
        strncpy(waste, name, sizeof waste - 1);
    }
    if (fstat(fd, &st) < 0 || grow(fd, size, st.st_size) < 0)
        quit_errno(to);

    fact("size", size);
    if (size) {
        right = mmap(NULL, first, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (right == MAP_FAILED)
            quit_errno(to);
    }
    for (off_t at = 0; at < size; at += SPAN) {
        size_t n = size - at < SPAN ? size - at : SPAN;
        if (at && slide(left, n, PROT_READ, in, at) < 0)
            quit_errno(from);
        if (at && slide(right, n, PROT_READ | PROT_WRITE, fd, at) < 0)
            quit_errno(to);
        memcpy(right, left, n);
    }
    if (fstat(in, &st) < 0 || st.st_size < size)
        quit(from, "it became shorter");
    if (swap && syscall(SYS_renameat2, AT_FDCWD, waste, AT_FDCWD, name, 0) < 0)
        quit_errno(to);
    waste[0] = 0;
    fact("copied", size);
    return 0;
}
