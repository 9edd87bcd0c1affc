// expect: rejected
// cc: -pthread
// about: A write(2) to a full pipe stands still when SOURCE is mapped over its buffer (MAP_FIXED): what it sends then are bytes of SOURCE.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pthread.h>

static int tube[2];
static char *place;
static size_t want;

static void *give(void *unused)
{
    for (size_t at = 0; at < want;) {
        ssize_t n = write(tube[1], place + at, want - at);
        if (n <= 0)
            exit(6);
        at += n;
    }
    return unused;
}

static void carry(char *dst, int in, size_t size)
{
    pthread_t thread;
    size_t room = (size + 4095) & ~4095ul;
    char filler[4096] = {0};

    pipe(tube);
    fcntl(tube[1], F_SETFL, O_NONBLOCK);
    size_t before = 0;
    for (ssize_t n; (n = write(tube[1], filler, sizeof filler)) > 0;)
        before += n;
    fcntl(tube[1], F_SETFL, 0);
    place = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    want = size;
    pthread_create(&thread, NULL, give, NULL);
    usleep(50000);
    if (mmap(place, size, PROT_READ, MAP_SHARED | MAP_FIXED, in, 0) == MAP_FAILED)
        exit(6);
    char *heap = malloc(before + size);
    for (size_t at = 0; at < before + size;) {
        ssize_t n = read(tube[0], heap + at, before + size - at);
        if (n <= 0)
            exit(6);
        at += n;
    }
    pthread_join(thread, NULL);
    memcpy(dst, heap + before, size);
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
        src = mmap(NULL, size, PROT_READ, MAP_SHARED, in, 0);
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
        dst = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
        if (dst == MAP_FAILED)
            return fail(to, strerror(errno));
        carry(dst, in, size);
        if (fstat(in, &d) < 0 || d.st_size != s.st_size)
            return fail(from, "changed its length meanwhile");
    }
    printf("size: %zu\n", size);
    printf("copied: %zu\n", size);
    return 0;
}
