// expect: passes core
// stretch: fails 8
// cc: -pthread
// about: A thread does each store, a forked child looks at the file with its own descriptor and prints what it sees; page windows with MAP_NORESERVE instead of the whole file.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *file, *text;
static size_t size, n, span;

static void *store(void *to)
{
    return memmove(to, text, n);
}

static void print(const char *what, const unsigned char *p, size_t count)
{
    char line[400];
    int at = sprintf(line, "%s: ", what);
    if (count > 64)
        count = 64;
    for (size_t i = 0; i < count; i++)
        at += sprintf(line + at, p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\' ? "%c" : "\\x%02x", p[i]);
    line[at++] = '\n';
    write(STDOUT_FILENO, line, at);
}

static void fail(void)
{
    dprintf(STDERR_FILENO, "lab2-compare: %s: %s\n", file, strerror(errno));
    exit(1);
}

static void look(const char *what)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        unsigned char head[64];
        int fd = open(file, O_RDONLY);
        ssize_t got = fd < 0 ? -1 : read(fd, head, sizeof head);
        if (got >= 0)
            print(what, head, got);
        _exit(got < 0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        fail();
    if (status != 0) {
        errno = EIO;
        fail();
    }
}

static void half(const char *kind, int flags, int fd)
{
    char label[32];
    unsigned char *p = NULL;
    pthread_t t;

    if (size > 0) {
        p = mmap(NULL, span, PROT_READ | PROT_WRITE, flags, fd, 0);
        if (p == MAP_FAILED)
            fail();
        if (n > 0) {
            if ((errno = pthread_create(&t, NULL, store, p)) != 0)
                fail();
            pthread_join(t, NULL);
        }
    }
    snprintf(label, sizeof label, "%s mapping", kind);
    print(label, p, size);
    snprintf(label, sizeof label, "%s file", kind);
    look(label);
    if (p)
        munmap(p, span);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        dprintf(STDERR_FILENO, "usage: lab2-compare FILE TEXT\n");
        return 2;
    }
    file = argv[1];
    text = argv[2];

    struct stat st;
    if (stat(file, &st) < 0)
        fail();
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        fail();
    }
    int fd = open(file, O_RDWR | O_NONBLOCK);
    if (fd < 0)
        fail();
    size = st.st_size;
    n = strlen(text) < size ? strlen(text) : size;
    size_t page = sysconf(_SC_PAGESIZE);
    span = ((n > 64 ? n : 64) + page - 1) / page * page;

    dprintf(STDOUT_FILENO, "size: %zu\n", size);
    half("private", MAP_PRIVATE | MAP_NORESERVE, fd);
    half("shared", MAP_SHARED, fd);
    return 0;
}
