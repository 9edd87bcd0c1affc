// expect: passes
// about: both mappings are made read-only and given the right to write later; the file is looked at through a second mapping.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
static const char *f;
static int die(const char *w) { dprintf(2, "%s: %s: %m\n", f, w); exit(1); }
static void fact(const char *k, const volatile unsigned char *p, off_t n) {
    char *b; size_t l; FILE *o = open_memstream(&b, &l);
    for (int i = 0; i < 64 && i < n; i++) { int x = p[i]; fprintf(o, x < 32 || x > 126 || x == '\\' ? "\\x%02x" : "%c", x); }
    fclose(o); dprintf(1, "%s:%s%s\n", k, l ? " " : "", b); free(b);
}
int main(int c, char **v) {
    if (c != 3) { dprintf(2, "usage\n"); return 2; }
    f = v[1]; struct stat s;
    if (stat(f, &s)) die("stat");
    if (!S_ISREG(s.st_mode)) { errno = EINVAL; die("not regular"); }
    int w = 1, fd = open(f, O_RDWR | O_NONBLOCK);
    if (fd < 0) { w = 0; fd = open(f, O_RDONLY | O_NONBLOCK); }
    if (fd < 0) die("open");
    fstat(fd, &s); off_t z = s.st_size; size_t n = strlen(v[2]); if ((off_t)n > z) n = z;
    dprintf(1, "size: %ld\n", z);
    if (!z) { fact("private mapping", 0, 0); fact("private file", 0, 0); fact("shared mapping", 0, 0); fact("shared file", 0, 0); return 0; }
    unsigned char *look = mmap(0, z, PROT_READ, MAP_SHARED, fd, 0);
    unsigned char *look2 = mmap(0, z, PROT_READ, MAP_SHARED, fd, 0);
    unsigned char *p = mmap(0, z, PROT_READ, MAP_PRIVATE, fd, 0);
    if (look == MAP_FAILED || look2 == MAP_FAILED || p == MAP_FAILED) die("mmap");
    if (mprotect(p, z, PROT_READ|PROT_WRITE)) die("mprotect");
    memcpy(p, v[2], n);
    fact("private mapping", p, z); fact("private file", look2, z);
    if (!w) { errno = EACCES; die("shared"); }
    if (mprotect(look, z, PROT_READ|PROT_WRITE)) die("mprotect");
    memcpy(look, v[2], n);
    fact("shared mapping", look, z); fact("shared file", look2, z);
}
