// expect: passes
// about: One shared read-only mapping serves to look at the file and, after the line `private file`, is raised to PROT_WRITE by mprotect and becomes the shared mapping; FILE is opened for both at the start, for reading alone where that is refused, and output is unbuffered, a byte at a time.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char hex[] = "0123456789abcdef";

static void fact(const char *label, const volatile unsigned char *p, size_t n)
{
    for (; *label; label++)
        putchar(*label);
    putchar(':');
    putchar(' ');
    for (size_t i = 0; i < n; i++) {
        int c = p[i];
        if (c >= ' ' && c < 0x7f && c != '\\') {
            putchar(c);
        } else {
            putchar('\\');
            putchar('x');
            putchar(hex[c / 16]);
            putchar(hex[c % 16]);
        }
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc != 3) {
        fputs("usage: lab2-compare FILE TEXT\n", stderr);
        return 2;
    }
    const char *name = argv[1], *text = argv[2];
    int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    /* what it is comes first, so that no pipe or device is opened at all */
    struct stat st;
    if (stat(name, &st) < 0) {
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
        return 1;
    }
    if (!S_ISREG(st.st_mode)) {
        fprintf(stderr, "%s: this is not a regular file\n", name);
        return 1;
    }
    int why = 0;
    int fd = open(name, O_RDWR | flags);
    if (fd < 0) {
        why = errno;
        fd = open(name, O_RDONLY | flags);
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
        return 1;
    }
    if (!S_ISREG(st.st_mode)) {
        fprintf(stderr, "%s: this is no longer a regular file\n", name);
        return 1;
    }

    uint64_t size = st.st_size;
    char number[32];
    sprintf(number, "%lu", size);
    fputs("size: ", stdout);
    fputs(number, stdout);
    fputs("\n", stdout);

    size_t seen = size < 64 ? size : 64;
    size_t stored = strnlen(text, size);
    size_t len = stored > seen ? stored : seen;
    if (len == 0) {
        fact("private mapping", NULL, 0);
        fact("private file", NULL, 0);
        fact("shared mapping", NULL, 0);
        fact("shared file", NULL, 0);
        return 0;
    }

    unsigned char *common = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
    unsigned char *own = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (common == MAP_FAILED || own == MAP_FAILED) {
        fprintf(stderr, "%s: mmap: %s\n", name, strerror(errno));
        return 1;
    }
    memmove(own, text, stored);
    fact("private mapping", own, seen);
    fact("private file", common, seen);
    munmap(own, len);

    if (why) {
        fprintf(stderr, "%s: not to be written: %s\n", name, strerror(why));
        return 1;
    }
    if (mprotect(common, len, PROT_READ | PROT_WRITE) < 0) {
        fprintf(stderr, "%s: mprotect: %s\n", name, strerror(errno));
        return 1;
    }
    memmove(common, text, stored);
    fact("shared mapping", common, seen);
    mprotect(common, len, PROT_READ);

    unsigned char now[64];
    size_t have = 0;
    while (have < seen) {
        ssize_t r = pread(fd, now + have, seen - have, have);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0) {
            fprintf(stderr, "%s: read: %s\n", name, strerror(errno));
            return 1;
        }
        if (r == 0)
            break;
        have += r;
    }
    fact("shared file", now, have);
    return 0;
}
