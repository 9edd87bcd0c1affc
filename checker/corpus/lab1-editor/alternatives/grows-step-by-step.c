// expect: passes
// cc: -static
// about: append maps the pages of the longer file before it is longer, reserves its room with FALLOC_FL_KEEP_SIZE, and then grows it with ftruncate page by page, storing each piece when the file reaches it; one msync at the end; locks of the open file description; lines leave with writev.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define P 4096

static char *the_name;

static int out(char *label, long long v)
{
    char number[32];
    struct iovec io[2] = { { label, strlen(label) }, { number, (size_t)sprintf(number, ": %lld\n", v) } };
    ssize_t all = (ssize_t)(io[0].iov_len + io[1].iov_len);
    return writev(1, io, 2) == all;
}

static int err(const char *what, int e)
{
    struct iovec io[5] = { { (char *)what, strlen(what) }, { " -> ", 4 }, { the_name, strlen(the_name) },
                           { " -> ", 4 }, { strerror(e), strlen(strerror(e)) } };
    writev(2, io, 5);
    write(2, "\n", 1);
    return 1;
}

static int reach(int how, struct stat *st)
{
    int fd = openat(AT_FDCWD, the_name, how | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err("open", errno), -1;
    if (fstat(fd, st) < 0)
        return err("look at", errno), -1;
    if ((st->st_mode & S_IFMT) != S_IFREG)
        return err("want a regular file", S_ISDIR(st->st_mode) ? EISDIR : EINVAL), -1;
    return fd;
}

static int show(void)
{
    struct stat st;
    int fd = reach(O_RDONLY, &st);
    if (fd < 0)
        return 1;
    char text[320] = "content: ";
    size_t k = strlen(text);
    if (st.st_size) {
        /* the whole file, whatever its length; only the first page is looked at */
        uint8_t *m = mmap(0, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (m == MAP_FAILED)
            return err("map", errno);
        for (off_t i = 0; i < 64 && i < st.st_size; ++i) {
            if (m[i] - 0x20u <= 0x7eu - 0x20u && m[i] != '\\')
                text[k++] = (char)m[i];
            else
                k += (size_t)sprintf(text + k, "\\x%02x", m[i]);
        }
    }
    text[k++] = '\n';
    out("size", st.st_size);
    return write(1, text, k) != (ssize_t)k;
}

static int overwrite(char *text)
{
    struct stat st;
    int fd = reach(O_RDWR, &st);
    if (fd < 0)
        return 1;
    off_t len = (off_t)strlen(text), n = len <= st.st_size ? len : st.st_size;
    out("size", st.st_size);
    uint8_t *m = 0;
    if (n) {
        m = mmap(0, (size_t)n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (m == MAP_FAILED)
            return err("map", errno);
        close(fd);
        memmove(m, text, (size_t)n);
    }
    out("written", n);
    out("cut", len - n);
    /* a page at a time, the last first */
    for (off_t page = (n + P - 1) / P; page-- > 0;)
        if (msync(m + page * P, 1, MS_SYNC))
            return err("sync", errno);
    out("synced", n);
    return 0;
}

static int append(char *text)
{
    struct stat st;
    int fd = reach(O_RDWR, &st);
    if (fd < 0)
        return 1;
    off_t n = (off_t)strlen(text);
    struct flock l = { .l_type = F_WRLCK };
    while (fcntl(fd, F_OFD_SETLKW, &l))
        if (errno != EINTR)
            return err("lock", errno);
    if (fstat(fd, &st))
        return err("look at", errno);
    off_t old = st.st_size, now = old, end = old + n, low = old & -(off_t)P;
    out("size", old);
    if (n) {
        struct rlimit r;
        if (!getrlimit(RLIMIT_FSIZE, &r) && r.rlim_cur != RLIM_INFINITY && (rlim_t)end > r.rlim_cur)
            return err("grow", EFBIG);
        uint8_t *m = mmap(0, (size_t)(end - low), PROT_READ | PROT_WRITE, MAP_SHARED, fd, low);
        if (m == MAP_FAILED)
            return err("map", errno);
        while (fallocate(fd, FALLOC_FL_KEEP_SIZE, old, n))
            if (errno != EINTR)
                return err("grow", errno);
        while (now < end) {
            off_t next = (now | (P - 1)) + 1;
            if (next > end)
                next = end;
            while (ftruncate(fd, next))
                if (errno != EINTR) {
                    int e = errno;
                    if (now != old)
                        ftruncate(fd, old);
                    return err("grow", e);
                }
            for (; now < next; ++now)
                m[now - low] = (uint8_t)text[now - old];
        }
        if (msync(m, (size_t)(end - low), MS_SYNC))
            return err("sync", errno);
    }
    out("appended", n);
    out("synced", n);
    out("new size", end);
    return 0;
}

int main(int argc, char **argv)
{
    the_name = argc > 2 ? argv[2] : "";
    switch (argc) {
    case 3:
        if (!strcmp(argv[1], "show"))
            return show();
        break;
    case 4:
        if (!strcmp(argv[1], "overwrite"))
            return overwrite(argv[3]);
        if (!strcmp(argv[1], "append"))
            return append(argv[3]);
    }
    static const char use[] = "usage: (show FILE) or (overwrite FILE TEXT) or (append FILE TEXT)\n";
    write(2, use, sizeof use - 1);
    return 2;
}
