// expect: passes
// about: the parent makes the private mapping and the store, then forks a child that prints the line `private mapping` from the copies it inherited; the shared half is mapped, stored and printed by a second child; the parent prints the two file lines, having looked at the file with splice through a pipe.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *name;

static int fail(const char *what)
{
    fprintf(stderr, "lab2-compare: cannot %s %s: %m\n", what, name);
    return 1;
}

static void say(const char *label, const unsigned char *p, size_t n)
{
    char line[400];
    int at = sprintf(line, "%s:", label);
    if (n)
        line[at++] = ' ';
    for (size_t i = 0; i < n; i++)
        at += sprintf(line + at, p[i] < 0x20 || p[i] > 0x7e || p[i] == '\\' ? "\\x%02x" : "%c", p[i]);
    line[at++] = '\n';
    for (int done = 0; done < at;) {
        ssize_t r = write(STDOUT_FILENO, line + done, at - done);
        if (r < 0 && errno != EINTR)
            exit(1);
        if (r > 0)
            done += r;
    }
}

/* The first n bytes of the file as they are now, by way of a pipe. */
static ssize_t look(int fd, unsigned char *buf, size_t n)
{
    int p[2];
    if (pipe2(p, O_CLOEXEC) < 0)
        return -1;
    loff_t off = 0;
    size_t got = 0;
    while (got < n) {
        ssize_t r = splice(fd, &off, p[1], NULL, n - got, 0);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        if (r == 0)
            break;
        while (r > 0) {
            ssize_t q = read(p[0], buf + got, r);
            if (q < 0 && errno == EINTR)
                continue;
            if (q <= 0)
                return -1;
            got += q;
            r -= q;
        }
    }
    close(p[0]);
    close(p[1]);
    return got;
}

static int ended_well(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: lab2-compare FILE TEXT\n", stderr);
        return 2;
    }
    name = argv[1];
    int fd = open(name, O_RDONLY | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail("open");
    if (!S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return fail("use");
    }
    size_t n = strlen(argv[2]), size = st.st_size, shown = size > 64 ? 64 : size;
    if (n > size)
        n = size;
    size_t need = n > shown ? n : shown;
    unsigned char buf[64];

    char line[40];
    ssize_t l = sprintf(line, "size: %zu\n", size);
    if (write(STDOUT_FILENO, line, l) != l)
        return 1;
    if (!size) {
        say("private mapping", buf, 0);
        say("private file", buf, 0);
        say("shared mapping", buf, 0);
        say("shared file", buf, 0);
        return 0;
    }

    unsigned char *priv = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (priv == MAP_FAILED)
        return fail("map");
    memcpy(priv, argv[2], n);

    pid_t child = fork();
    if (child < 0)
        return fail("fork for");
    if (child == 0) {
        say("private mapping", priv, shown);
        _exit(0);
    }
    if (!ended_well(child))
        return 1;
    ssize_t got = look(fd, buf, shown);
    if (got < 0)
        return fail("read");
    say("private file", buf, got);

    child = fork();
    if (child < 0)
        return fail("fork for");
    if (child == 0) {
        int w = open(name, O_RDWR | O_NONBLOCK);
        if (w < 0)
            _exit(fail("write"));
        unsigned char *shared = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_SHARED, w, 0);
        close(w);
        if (shared == MAP_FAILED)
            _exit(fail("map"));
        memcpy(shared, argv[2], n);
        say("shared mapping", shared, shown);
        _exit(0);
    }
    if (!ended_well(child))
        return 1;
    got = look(fd, buf, shown);
    if (got < 0)
        return fail("read");
    say("shared file", buf, got);
    return 0;
}
