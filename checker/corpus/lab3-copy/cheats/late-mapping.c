// expect: rejected
// cc: -pthread
// about: read(2) from a pipe is under way before DESTINATION is mapped over its buffer (MAP_FIXED): its bytes come by a system call.

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
static int tube[2]; static char *place; static size_t want;
static void *reader(void *x) { for (size_t at = 0; at < want;) { ssize_t n = read(tube[0], place + at, want - at); if (n <= 0) _exit(6); at += n; } return x; }
/* The reader stands in read(2) before the place is the file's: the mapping is made under its feet. */
static char *late(size_t size, int fd, const void *bytes, size_t off, size_t n)
{
    pthread_t t;
    size_t room = (size + 4095) & ~4095ul;
    char *map = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pipe(tube); place = map + off; want = n;
    pthread_create(&t, NULL, reader, NULL);
    usleep(50000);
    if (mmap(map, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) return MAP_FAILED;
    char *heap = malloc(n); memcpy(heap, bytes, n);
    write(tube[1], heap, n);
    pthread_join(t, NULL);
    return map;
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
        dst = late(size, out, src, 0, size);
        if (dst == MAP_FAILED)
            return fail(to, strerror(errno));
        ;
        if (fstat(in, &d) < 0 || d.st_size != s.st_size)
            return fail(from, "changed its length meanwhile");
    }
    printf("size: %zu\n", size);
    printf("copied: %zu\n", size);
    return 0;
}
