// expect: passes core
// stretch: fails 12
// cc: -static
// about: One page at a time through a window that is unmapped again; a second pass with new mappings syncs; a lock on the file from open to exit; static, and the facts of a line leave in pieces.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef unsigned char byte;

static char *file;
static int fd;
static off_t size;
static long page;

static void die(void)
{
    dprintf(2, "%s: %m\n", file);
    exit(1);
}

static void take(int flags)
{
    struct stat st;
    fd = open(file, flags | O_NONBLOCK);
    if (fd == -1)
        die();
    fstat(fd, &st);
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        die();
    }
    if (flags == O_RDWR && flock(fd, LOCK_EX) == -1)
        die();
    fstat(fd, &st);
    size = st.st_size;
}

static byte *window(off_t number, int prot)
{
    byte *w = mmap(NULL, page, prot, MAP_SHARED, fd, number * page);
    if (w == MAP_FAILED)
        die();
    return w;
}

/* Store n bytes at offset at, which lie inside the file. */
static void put(const byte *from, off_t at, size_t n)
{
    off_t first = at / page, last = (at + n - 1) / page;
    for (off_t k = first; k <= last; k++) {
        byte *w = window(k, PROT_READ | PROT_WRITE);
        for (; at / page == k && n > 0; at++, n--)
            w[at % page] = *from++;
        munmap(w, page);
    }
    for (off_t k = first; k <= last; k++) {
        byte *w = window(k, PROT_READ | PROT_WRITE);
        if (msync(w, page, MS_SYNC) == -1)
            die();
        munmap(w, page);
    }
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN);
    page = sysconf(_SC_PAGESIZE);
    file = argc > 2 ? argv[2] : "";
    char *verb = argc > 1 ? argv[1] : "";

    if (argc == 3 && !strcmp(verb, "show")) {
        take(O_RDONLY);
        dprintf(1, "size: %jd\n", (intmax_t)size);
        dprintf(1, "content: ");
        byte *w = size ? window(0, PROT_READ) : NULL;
        for (int i = 0; i < 64 && i < size; i++)
            dprintf(1, w[i] >= 32 && w[i] <= 126 && w[i] != 92 ? "%c" : "\\x%02x", w[i]);
        dprintf(1, "\n");
    } else if (argc == 4 && !strcmp(verb, "overwrite")) {
        off_t wanted = strlen(argv[3]);
        take(O_RDWR);
        off_t n = wanted < size ? wanted : size;
        if (n)
            put((byte *)argv[3], 0, n);
        dprintf(1, "size: %jd\nwritten: %jd\ncut: %jd\n", (intmax_t)size, (intmax_t)n, (intmax_t)(wanted - n));
        dprintf(1, "synced: ");
        dprintf(1, "%jd", (intmax_t)n);
        dprintf(1, "\n");
    } else if (argc == 4 && !strcmp(verb, "append")) {
        off_t n = strlen(argv[3]);
        take(O_RDWR);
        dprintf(1, "size: %jd\n", (intmax_t)size);
        if (n) {
            if (ftruncate(fd, size + n) == -1)
                die();
            put((byte *)argv[3], size, n);
        }
        dprintf(1, "appended: %jd\nsynced: %jd\nnew size: %jd\n", (intmax_t)n, (intmax_t)n, (intmax_t)(size + n));
    } else {
        dprintf(2, "usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT\n");
        return 2;
    }
    return 0;
}
