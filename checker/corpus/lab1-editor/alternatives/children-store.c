// expect: passes
// about: children inherit the mapping and store slices of whole pages, from the last slice to the first; when all have ended, one more child calls msync; the parent never touches a byte, holds a POSIX record lock meanwhile, and prints all facts in one write.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLICE 16384u

struct job { char *base; size_t skip, n; const char *text; };

static void sorry(const char *file, int e)
{
    dprintf(2, "%s (%s)\n", file, e ? strerror(e) : "only regular files are edited");
    _exit(1);
}

static void say(const char *format, ...)
{
    char b[600];
    va_list l;
    va_start(l, format);
    int n = vsnprintf(b, sizeof b, format, l);
    va_end(l);
    for (int done = 0; done < n;) {
        ssize_t r = write(1, b + done, (size_t)(n - done));
        if (r < 0 && errno != EINTR)
            _exit(1);
        if (r > 0)
            done += (int)r;
    }
}

static int take(const char *file, int mode, struct stat *st)
{
    if (stat(file, st) != 0)
        sorry(file, errno);
    if (!S_ISREG(st->st_mode))
        sorry(file, 0);
    int fd = open(file, mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, st) != 0)
        sorry(file, errno);
    if (!S_ISREG(st->st_mode))
        sorry(file, 0);
    return fd;
}

/* 0, or the errno that made it fail */
static int ended(pid_t p)
{
    int s;
    while (waitpid(p, &s, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(s) ? WEXITSTATUS(s) : EIO;
}

static int store(const struct job *j)
{
    pid_t kids[64];
    int n_kids = 0, bad = 0;
    size_t end = j->skip + j->n;
    size_t from = (end - 1) / SLICE * SLICE;
    for (;;) {
        size_t a = from < j->skip ? j->skip : from, b = from + SLICE < end ? from + SLICE : end;
        pid_t p = fork();
        if (p == 0) {
            for (size_t i = b; i-- > a;)
                ((volatile char *)j->base)[i] = j->text[i - j->skip];
            _exit(0);
        }
        if (p < 0) {
            bad = errno;
            break;
        }
        kids[n_kids++] = p;
        if (from == 0)
            break;
        from -= SLICE;
    }
    for (int i = 0; i < n_kids; i++) {
        int e = ended(kids[i]);
        if (e)
            bad = e;
    }
    return bad;
}

static int sync_it(const struct job *j)
{
    pid_t p = fork();
    if (p < 0)
        return errno;
    if (p == 0)
        _exit(msync(j->base, j->skip + j->n, MS_SYNC | MS_INVALIDATE) == 0 ? 0 : errno);
    return ended(p);
}

static void show(const char *file)
{
    struct stat st;
    int fd = take(file, O_RDONLY, &st);
    if (st.st_size == 0) {
        say("size: 0\ncontent:\n");
        return;
    }
    /* a page, however short the file is */
    unsigned char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        sorry(file, errno);
    close(fd);
    pid_t kid = fork();
    if (kid < 0)
        sorry(file, errno);
    if (kid == 0) {
        char line[300] = "";
        int n = 0;
        for (int i = 0; i < 64 && i < st.st_size; i++)
            n += sprintf(line + n, p[i] < 32 || p[i] > 126 || p[i] == 92 ? "\\x%02x" : "%c", p[i]);
        say("size: %lld\ncontent: %s\n", (long long)st.st_size, line);
        _exit(0);
    }
    int e = ended(kid);
    if (e)
        sorry(file, EIO);
}

static void overwrite(const char *file, const char *text)
{
    struct stat st;
    int fd = take(file, O_RDWR, &st);
    size_t len = strlen(text), n = (size_t)st.st_size < len ? (size_t)st.st_size : len;
    if (n > 0) {
        struct job j = { NULL, 0, n, text };
        j.base = mmap(NULL, n, PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
        if (j.base == MAP_FAILED)
            sorry(file, errno);
        int e = store(&j);
        if (!e)
            e = sync_it(&j);
        if (e)
            sorry(file, e);
    }
    say("size: %lld\nwritten: %zu\ncut: %zu\nsynced: %zu\n", (long long)st.st_size, n, len - n, n);
}

static void append(const char *file, const char *text)
{
    struct stat st, now;
    int fd = take(file, O_RDWR, &st);
    size_t n = strlen(text);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };      /* all of it */
    while (fcntl(fd, F_SETLKW, &lock) != 0)
        if (errno != EINTR)
            sorry(file, errno);
    if (fstat(fd, &st) != 0)
        sorry(file, errno);
    if (n > 0) {
        struct job j = { MAP_FAILED, (size_t)(st.st_size & 4095), n, text };
        int e = 0;
        struct rlimit most;
        if (getrlimit(RLIMIT_FSIZE, &most) == 0 && (rlim_t)st.st_size + n > most.rlim_cur)
            sorry(file, EFBIG);
        do
            e = fallocate(fd, 0, st.st_size, (off_t)n) == 0 ? 0 : errno;
        while (e == EINTR);
        if (!e) {
            j.base = mmap(NULL, j.skip + n, PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
                          st.st_size - (off_t)j.skip);
            if (j.base == MAP_FAILED)
                e = errno;
        }
        if (!e)
            e = store(&j);
        if (e) {
            if (fstat(fd, &now) == 0 && now.st_size != st.st_size)
                ftruncate(fd, st.st_size);
            sorry(file, e);
        }
        e = sync_it(&j);
        if (e)
            sorry(file, e);
    }
    say("size: %lld\nappended: %zu\nsynced: %zu\nnew size: %lld\n", (long long)st.st_size, n, n,
        (long long)st.st_size + (long long)n);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "show"))
        show(argv[2]);
    else if (argc == 4 && !strcmp(argv[1], "overwrite"))
        overwrite(argv[2], argv[3]);
    else if (argc == 4 && !strcmp(argv[1], "append"))
        append(argv[2], argv[3]);
    else {
        dprintf(2, "usage: %s show FILE, overwrite FILE TEXT, append FILE TEXT\n", argc ? argv[0] : "lab1-editor");
        return 2;
    }
    return 0;
}
