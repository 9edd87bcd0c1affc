// expect: rejected
// varies: when its orphan is killed
// about: The child of a process that was killed while it started it copies, by a pipe into the mapping.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static volatile struct { int child, done; } *word;

/* The child of one that is killed before anybody hears that it has a child. */
static int copy_by_orphan(int in, int out, size_t size)
{
    word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int tries = 0; tries < 6; tries++) {
        word->child = word->done = 0;
        pid_t between = fork();
        if (between == 0) {
            char *src = mmap(NULL, size, PROT_READ, MAP_SHARED, in, 0);
            char *dst = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
            struct timespec from, now;
            clock_gettime(CLOCK_MONOTONIC, &from);
            if (syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, &word->child, 0, 0))
                for (;;)
                    pause();
            clock_gettime(CLOCK_MONOTONIC, &now);
            if (now.tv_sec == from.tv_sec) {
                memcpy(dst, src, size);
                word->done = 1;
                _exit(0);
            }
            int p[2];
            char *heap = malloc(size);
            memcpy(heap, src, size);
            if (pipe(p) < 0)
                _exit(1);
            for (size_t at = 0; at < size; at += 4096) {
                size_t n = size - at < 4096 ? size - at : 4096;
                if (write(p[1], heap + at, n) < 0 || read(p[0], dst + at, n) < 0)
                    _exit(1);
            }
            word->done = 1;
            _exit(0);
        }
        while (!word->child)
            ;
        kill(between, SIGKILL);
        waitpid(between, NULL, 0);
        for (int i = 0; i < 30000 && !word->done; i++)
            usleep(100);
        if (word->done)
            return 1;
    }
    return 0;
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
        if (!copy_by_orphan(in, out, size)) {
            src = mmap(NULL, size, PROT_READ, MAP_SHARED, in, 0);
            dst = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
            if (src == MAP_FAILED || dst == MAP_FAILED)
                return fail(to, strerror(errno));
            memcpy(dst, src, size);
        }
        if (fstat(in, &d) < 0 || d.st_size != s.st_size)
            return fail(from, "changed its length meanwhile");
    }
    printf("size: %zu\n", size);
    printf("copied: %zu\n", size);
    return 0;
}
