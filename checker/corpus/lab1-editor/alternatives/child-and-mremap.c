// expect: passes
// about: maps the whole file, stores in a forked child, syncs through a later mapping, appends by mremap.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static const char *f;
static int die(const char *w) { dprintf(2, "%s: %s: %m\n", f, w); exit(1); }
static void sync_part(int fd, off_t at, size_t n) {   // through a mapping of its own
    off_t a = at & -4096; char *q = mmap(0, at - a + n, PROT_READ|PROT_WRITE, MAP_SHARED, fd, a);
    if (q == MAP_FAILED || msync(q, at - a + n, MS_SYNC)) die("msync");
}
int main(int c, char **v) {
    int m = c == 3 && !strcmp(v[1], "show") ? 1 : c == 4 && !strcmp(v[1], "overwrite") ? 2 : c == 4 && !strcmp(v[1], "append") ? 3 : 0;
    if (!m) { dprintf(2, "usage\n"); return 2; }
    f = v[2]; struct stat s;
    if (stat(f, &s)) die("stat");
    if (!S_ISREG(s.st_mode)) { errno = EINVAL; die("not regular"); }
    int fd = open(f, (m == 1 ? O_RDONLY : O_RDWR) | O_NONBLOCK);
    if (fd < 0) die("open");
    if (m == 3) flock(fd, LOCK_EX);
    fstat(fd, &s);
    dprintf(1, "size: %ld\n", s.st_size);
    if (m == 1) {
        char *b; size_t bl; FILE *o = open_memstream(&b, &bl);
        if (s.st_size) {
            unsigned char *p = mmap(0, s.st_size, PROT_READ, MAP_SHARED, fd, 0);
            if (p == MAP_FAILED) die("mmap");
            for (int i = 0; i < 64 && i < s.st_size; i++)
                fprintf(o, p[i] < 32 || p[i] > 126 || p[i] == '\\' ? "\\x%02x" : "%c", p[i]);
        }
        fclose(o); dprintf(1, "content: %s\n", b); return 0;
    }
    size_t len = strlen(v[3]), n = len; off_t at = 0; char *p = 0;
    if (m == 2) { if (n > (size_t)s.st_size) n = s.st_size; }
    else at = s.st_size;
    if (n) {
        if (m == 2) p = mmap(0, s.st_size, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);
        else {
            if (at) { p = mmap(0, at, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0); if (p == MAP_FAILED) die("mmap"); }
            if (fallocate(fd, 0, at, n)) { int e = errno; struct stat t; fstat(fd, &t); if (t.st_size != at && ftruncate(fd, at)) {} errno = e; die("grow"); }
            p = at ? mremap(p, at, at + n, MREMAP_MAYMOVE) : mmap(0, n, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);
        }
        if (p == MAP_FAILED) die("map");
        pid_t k = fork(); int st;
        if (!k) { memcpy(p + at, v[3], n); _exit(0); }
        waitpid(k, &st, 0); if (st) die("child");
    }
    if (m == 2) dprintf(1, "written: %zu\ncut: %zu\n", n, len - n); else dprintf(1, "appended: %zu\n", n);
    if (n) { munmap(p, at + (m == 2 ? s.st_size : (off_t)n)); sync_part(fd, at, n); }
    dprintf(1, "synced: %zu\n", n);
    if (m == 3) dprintf(1, "new size: %ld\n", at + n);
}
