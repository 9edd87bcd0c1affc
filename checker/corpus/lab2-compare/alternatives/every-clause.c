// expect: passes
// about: Every clause in C: a table of the two halves; read-only until the shared half; a window as long as the text or the preview; looks with pread.

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct half {
    const char *kind;
    int open_flags, map_flags;
} halves[] = {
    { "private", O_RDONLY, MAP_PRIVATE },
    { "shared", O_RDWR, MAP_SHARED },
};

static void line(const char *kind, const char *what, const unsigned char *bytes, size_t count)
{
    printf("%s %s: ", kind, what);
    for (const unsigned char *b = bytes; b < bytes + count; b++)
        printf(*b == '\\' || *b < ' ' || *b > '~' ? "\\x%02x" : "%c", *b);
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return fprintf(stderr, "usage: lab2-compare FILE TEXT\n"), 2;

    const char *file = argv[1], *text = argv[2];
    struct stat st;
    int fd = -1;

    for (int h = 0; h < 2; h++) {
        fd = open(file, halves[h].open_flags | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, &st) < 0)
            goto failed;
        if (!S_ISREG(st.st_mode))
            return fprintf(stderr, "%s: not a regular file\n", file), 1;
        if (h == 0) {
            printf("size: %jd\n", (intmax_t)st.st_size);
            fflush(stdout);
        }
        size_t store = strlen(text), preview = 64;
        if ((off_t)store > st.st_size)
            store = st.st_size;
        if ((off_t)preview > st.st_size)
            preview = st.st_size;
        size_t length = store > preview ? store : preview;
        unsigned char *p = (unsigned char *)"", seen[64];
        if (length > 0) {
            p = mmap(NULL, length, PROT_READ | PROT_WRITE, halves[h].map_flags, fd, 0);
            if (p == MAP_FAILED)
                goto failed;
            memcpy(p, text, store);
        }
        line(halves[h].kind, "mapping", p, preview);
        ssize_t got = pread(fd, seen, sizeof seen, 0);
        if (got < 0)
            goto failed;
        line(halves[h].kind, "file", seen, got);
        if (length > 0)
            munmap(p, length);
        close(fd);
    }
    return 0;

failed:
    fprintf(stderr, "%s: %s\n", file, strerror(errno));
    return 1;
}
