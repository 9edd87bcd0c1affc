// expect: passes core
// stretch: fails 11, 12
// about: Raw system calls, no stdio: the old part is mapped first and mremap makes the mapping longer after ftruncate; a later page of the file and an anonymous page are mapped for nothing; all facts leave in one write at the end.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct job {
    const char *path;
    const uint8_t *text;
    uint64_t text_length;
    int fd;
    uint64_t length;
};

static char out[8192];
static int used;

static void say(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    used += vsnprintf(out + used, sizeof out - used, format, ap);
    va_end(ap);
}

static int flush(void)
{
    for (int at = 0; at < used;) {
        long n = syscall(SYS_write, 1, out + at, used - at);
        if (n < 0)
            return 1;
        at += n;
    }
    return 0;
}

static int refuse(struct job *j, int why)
{
    char line[5000];
    int n = snprintf(line, sizeof line, "cannot edit '%s' (error %d)\n", j->path, why);
    syscall(SYS_write, 2, line, n);
    return 1;
}

static int begin(struct job *j, int flags)
{
    struct statx sx;
    /* Look before opening: a pipe is not touched at all. */
    if (syscall(SYS_statx, AT_FDCWD, j->path, 0, STATX_TYPE | STATX_SIZE, &sx) < 0)
        return refuse(j, errno);
    if ((sx.stx_mode & S_IFMT) != S_IFREG)
        return refuse(j, EINVAL);
    j->fd = syscall(SYS_openat, AT_FDCWD, j->path, flags | O_NONBLOCK | O_CLOEXEC, 0);
    if (j->fd < 0)
        return refuse(j, errno);
    j->length = syscall(SYS_lseek, j->fd, 0L, SEEK_END);
    return 0;
}

static void *map(int fd, uint64_t length, int prot, uint64_t offset)
{
    return (void *)syscall(SYS_mmap, 0L, length, (long)prot, (long)MAP_SHARED, (long)fd, offset);
}

static int show(struct job *j)
{
    if (begin(j, O_RDONLY))
        return 1;
    say("size: %llu\ncontent:", (unsigned long long)j->length);
    if (j->length == 0) {
        say("\n");
        return flush();
    }
    uint8_t *p = map(j->fd, j->length < 64 ? j->length : 64, PROT_READ, 0);
    if (p == MAP_FAILED)
        return refuse(j, errno);
    syscall(SYS_close, j->fd);
    say(" ");
    for (unsigned i = 0; i < 64 && i < j->length; i++)
        say(p[i] < 0x20 || p[i] > 0x7e || p[i] == 0x5c ? "\\x%02x" : "%c", p[i]);
    say("\n");
    return flush();
}

static int overwrite(struct job *j)
{
    if (begin(j, O_RDWR))
        return 1;
    uint64_t n = j->text_length < j->length ? j->text_length : j->length;
    say("size: %llu\n", (unsigned long long)j->length);
    if (n) {
        map(-1, 4096, PROT_NONE, 0); /* fails with EBADF, and nobody minds */
        map(j->fd, 1, PROT_READ, 0);
        uint8_t *p = map(j->fd, j->length, PROT_READ | PROT_WRITE, 0);
        if (p == MAP_FAILED)
            return refuse(j, errno);
        syscall(SYS_close, j->fd);
        for (uint64_t i = n; i-- > 0;) /* last byte first */
            p[i] = j->text[i];
        if (syscall(SYS_msync, p, n, MS_SYNC | MS_INVALIDATE) < 0)
            return refuse(j, errno);
    }
    say("written: %llu\ncut: %llu\nsynced: %llu\n", (unsigned long long)n,
        (unsigned long long)(j->text_length - n), (unsigned long long)n);
    return flush();
}

static int append(struct job *j)
{
    if (begin(j, O_RDWR))
        return 1;
    uint64_t page = sysconf(_SC_PAGESIZE);
    uint64_t total = j->length + j->text_length;
    uint8_t *p = NULL;

    if (j->text_length == 0)
        goto done;
    if (j->length) {
        p = map(j->fd, j->length, PROT_READ | PROT_WRITE, 0);
        if (p == MAP_FAILED)
            return refuse(j, errno);
    }
    if (syscall(SYS_ftruncate, j->fd, total) < 0)
        return refuse(j, errno);
    if (p)
        p = (uint8_t *)syscall(SYS_mremap, p, j->length, total, (long)MREMAP_MAYMOVE, 0L);
    else
        p = map(j->fd, total, PROT_READ | PROT_WRITE, 0);
    if (p == MAP_FAILED) {
        int why = errno;
        syscall(SYS_ftruncate, j->fd, j->length);
        return refuse(j, why);
    }
    for (uint64_t i = 0; i < j->text_length; i++)
        p[j->length + i] = j->text[i];
    uint64_t from = j->length & ~(page - 1);
    if (syscall(SYS_msync, p + from, total - from, MS_SYNC) < 0)
        return refuse(j, errno);
    syscall(SYS_munmap, p, total);
done:
    say("size: %llu\nappended: %llu\nsynced: %llu\nnew size: %llu\n", (unsigned long long)j->length,
        (unsigned long long)j->text_length, (unsigned long long)j->text_length,
        (unsigned long long)total);
    return flush();
}

int main(int argc, char **argv)
{
    struct job j = { 0 };
    signal(SIGXFSZ, SIG_IGN);
    if (argc > 2)
        j.path = argv[2];
    if (argc > 3) {
        j.text = (const uint8_t *)argv[3];
        j.text_length = strlen(argv[3]);
    }
    if (argc == 3 && !strcmp(argv[1], "show"))
        return show(&j);
    if (argc == 4 && !strcmp(argv[1], "overwrite"))
        return overwrite(&j);
    if (argc == 4 && !strcmp(argv[1], "append"))
        return append(&j);
    static const char usage[] = "usage: show FILE, overwrite FILE TEXT, append FILE TEXT\n";
    syscall(SYS_write, 2, usage, sizeof usage - 1);
    return 2;
}
