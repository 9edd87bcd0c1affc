// expect: rejected
// about: The mappings are made by a child with CLONE_VM; the parent moves the bytes through a pipe from mapping to mapping.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <signal.h>

#include <sched.h>
#include <sys/wait.h>
struct ask { int fd, prot; size_t size; char *map; };
static int map_it(void *x)
{
    struct ask *a = x;
    a->map = mmap(NULL, a->size, a->prot, MAP_SHARED, a->fd, 0);
    return 0;
}
/* The mapping is made by a child that shares our memory. */
static char *mapped(size_t size, int prot, int fd)
{
    static char stack[65536] __attribute__((aligned(64)));
    struct ask a = { fd, prot, size, MAP_FAILED };
    int pid = clone(map_it, stack + sizeof stack, CLONE_VM | SIGCHLD, &a);
    waitpid(pid, NULL, 0);
    return a.map;
}

static int fail(const char *name, const char *why)
{
    fprintf(stderr, "lab3-copy: %s: %s\n", name, why);
    return 1;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3) {
        fprintf(stderr, "usage: lab3-copy SOURCE DESTINATION\n");
        return 2;
    }
    const char *from = argv[1], *to = argv[2];
    struct stat s, d;

    int in = open(from, O_RDONLY | O_NONBLOCK);
    if (in < 0 || fstat(in, &s) < 0)
        return fail(from, strerror(errno));
    if (!S_ISREG(s.st_mode))
        return fail(from, "not a regular file");
    size_t size = s.st_size;
    char *src = NULL, *dst = NULL;
    if (size > 0) {
        src = mapped(size, PROT_READ, in);
        if (src == MAP_FAILED)
            return fail(from, strerror(errno));
    }

    int out = open(to, O_RDWR | O_CREAT | O_NONBLOCK, s.st_mode & 0777);
    if (out < 0 || fstat(out, &d) < 0)
        return fail(to, strerror(errno));
    if (!S_ISREG(d.st_mode))
        return fail(to, "not a regular file");
    if (s.st_dev == d.st_dev && s.st_ino == d.st_ino)
        return fail(to, "is the source itself");

    if (ftruncate(out, size) < 0)
        return fail(to, strerror(errno));
    if (size > 0) {
        dst = mapped(size, PROT_READ | PROT_WRITE, out);
        if (dst == MAP_FAILED)
            return fail(to, strerror(errno));
        { int p[2]; pipe(p); for (size_t at = 0; at < size; at += 4096) { size_t n = size - at < 4096 ? size - at : 4096; write(p[1], src + at, n); read(p[0], dst + at, n); } }
        if (fstat(in, &d) < 0 || d.st_size != s.st_size)
            return fail(from, "changed its length meanwhile");
    }
    printf("size: %zu\n", size);
    printf("copied: %zu\n", size);
    return 0;
}
