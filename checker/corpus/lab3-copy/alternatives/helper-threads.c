// expect: passes core
// stretch: fails 8, 11, 14
// cc: -pthread
// about: Three threads copy interleaved pieces; the destination is mapped PROT_NONE first and made writable later; room is reserved with posix_fallocate; size is printed before the copy.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS = 3, PIECE = 1000 };

static const unsigned char *source;
static volatile unsigned char *target;
static size_t size;

static void *carry(void *arg)
{
    for (size_t at = (size_t)arg * PIECE; at < size; at += THREADS * PIECE)
        for (size_t i = at; i < at + PIECE && i < size; i++)
            target[i] = source[i];
    return NULL;
}

static _Noreturn void quit(int status, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    exit(status);
}

int main(int argc, char **argv)
{
    struct stat from, to;
    if (argc != 3)
        quit(2, "usage: lab3-copy SOURCE DESTINATION");

    int in = open(argv[1], O_RDONLY | O_NONBLOCK);
    if (in < 0)
        quit(1, "%s: %m", argv[1]);
    fstat(in, &from);
    if (!S_ISREG(from.st_mode))
        quit(1, "%s: only regular files", argv[1]);
    size = from.st_size;
    if (size > 0) {
        source = mmap(NULL, size, PROT_READ, MAP_PRIVATE, in, 0);
        if (source == MAP_FAILED)
            quit(1, "%s: %m", argv[1]);
        madvise((void *)source, size, MADV_SEQUENTIAL);
    }

    int created = 1;
    int out = open(argv[2], O_RDWR | O_CREAT | O_EXCL, from.st_mode & 0777);
    if (out < 0) {
        created = 0;
        out = open(argv[2], O_RDWR | O_CREAT | O_NONBLOCK, from.st_mode & 0777);
    }
    if (out < 0)
        quit(1, "%s: %m", argv[2]);
    fstat(out, &to);
    if (!S_ISREG(to.st_mode))
        quit(1, "%s: only regular files", argv[2]);
    if (from.st_ino == to.st_ino && from.st_dev == to.st_dev)
        quit(1, "%s and %s are one file", argv[1], argv[2]);

    if (size > 0) {
        void *p = mmap(NULL, size, PROT_NONE, MAP_SHARED, out, 0);
        int e = p == MAP_FAILED ? errno : posix_fallocate(out, 0, size);
        if (e == 0 && mprotect(p, size, PROT_READ | PROT_WRITE) < 0)
            e = errno;
        if (e != 0) {
            ftruncate(out, to.st_size);
            if (created)
                unlink(argv[2]);
            quit(1, "%s: %s", argv[2], strerror(e));
        }
        target = p;
    }
    if (ftruncate(out, size) < 0)
        quit(1, "%s: %m", argv[2]);

    printf("size: %zu\n", size);
    fflush(stdout);
    pthread_t thread[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, carry, (void *)i) != 0)
            quit(1, "%s: no threads", argv[1]);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    fstat(in, &to);
    if (to.st_size != from.st_size)
        quit(1, "%s: changed meanwhile", argv[1]);
    printf("copied: %zu\n", size);
    fflush(stdout);
    _exit(0);
}
