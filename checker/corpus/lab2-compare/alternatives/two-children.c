// expect: passes
// cc: -static
// about: A child has the private mapping and another the shared one, each prints its `mapping` line and then waits on a pipe while the parent, which never maps FILE, reads the file and prints the `file` line; both are waited for.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *name;

static int sorry(const char *what, int e)
{
    dprintf(2, "%s \"%s\": %s\n", what, name, strerror(e));
    return 1;
}

static int out(const char *p, size_t n)
{
    while (n) {
        ssize_t r = write(1, p, n);
        if (r < 0 && errno != EINTR)
            return -1;
        if (r > 0)
            p += r, n -= r;
    }
    return 0;
}

static int fact(const char *label, const volatile unsigned char *b, size_t n)
{
    char line[400];
    int k = sprintf(line, "%s: ", label);
    for (size_t i = 0; i < n && i < 64; i++) {
        unsigned char c = b[i];
        k += sprintf(line + k, c < ' ' || c > '~' || c == '\\' ? "\\x%02x" : "%c", c);
    }
    line[k++] = '\n';
    return out(line, k);
}

/* The child: map, store, print, tell the parent, and stand until the parent has looked. */
static int stage(const char *label, int fd, int flags, size_t len, const char *text, size_t n,
                 int tell, int wait_for)
{
    unsigned char *m = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (m == MAP_FAILED)
        return sorry("cannot map", errno);
    for (size_t i = 0; i < n; i++)
        ((volatile unsigned char *)m)[i] = text[i];
    if (fact(label, m, len) < 0)
        return sorry("cannot print what is in", errno);
    close(tell);
    char c;
    while (read(wait_for, &c, 1) < 0 && errno == EINTR)
        ;
    return 0;
}

static int both(const char *kind, int fd, int flags, size_t len, const char *text, size_t n)
{
    int done[2], seen[2];
    char label[40], c;
    if (pipe(done) < 0 || pipe(seen) < 0)
        return sorry("no pipe for", errno);
    pid_t child = fork();
    if (child < 0)
        return sorry("no child for", errno);
    sprintf(label, "%s mapping", kind);
    if (child == 0) {
        close(done[0]);
        close(seen[1]);
        int r = stage(label, fd, flags, len, text, n, done[1], seen[0]);
        if (r) {
            /* a byte says that it went wrong; silence and an end of file that it went well */
            write(done[1], "!", 1);
        }
        _exit(r);
    }
    close(done[1]);
    close(seen[0]);
    ssize_t got;
    while ((got = read(done[0], &c, 1)) < 0 && errno == EINTR)
        ;
    int r = got != 0;
    if (r == 0) {
        unsigned char b[64];
        size_t have = 0;
        for (;;) {
            ssize_t k = have < 64 ? pread(fd, b + have, 64 - have, have) : 0;
            if (k < 0 && errno == EINTR)
                continue;
            if (k < 0)
                r = sorry("cannot read", errno);
            if (k <= 0)
                break;
            have += k;
        }
        sprintf(label, "%s file", kind);
        if (r == 0 && fact(label, b, have) < 0)
            r = 1;
    }
    close(seen[1]);
    close(done[0]);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (r == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        r = sorry("the child was lost that had", ECHILD);
    return r;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        dprintf(2, "usage: lab2-compare FILE TEXT\n");
        return 2;
    }
    name = argv[1];
    const char *text = argv[2];
    struct stat st;
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return sorry("cannot open", errno);
    if (!S_ISREG(st.st_mode))
        return sorry("not a regular file:", EINVAL);
    char line[40];
    if (out(line, sprintf(line, "size: %jd\n", (intmax_t)st.st_size)) < 0)
        return 1;
    if (st.st_size == 0)
        return out("private mapping:\n", 17) < 0 || out("private file:\n", 14) < 0 ||
               out("shared mapping:\n", 16) < 0 || out("shared file:\n", 13) < 0;
    size_t n = strlen(text);
    if (n > (size_t)st.st_size)
        n = st.st_size;
    size_t len = n < 64 ? 64 : n;
    if (len > (size_t)st.st_size)
        len = st.st_size;

    if (both("private", fd, MAP_PRIVATE, len, text, n))
        return 1;
    int rw = open(name, O_RDWR | O_NONBLOCK | O_NOCTTY);
    if (rw < 0)
        return sorry("no right to write to", errno);
    return both("shared", rw, MAP_SHARED, len, text, n);
}
