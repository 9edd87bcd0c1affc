// expect: passes
// about: the page size comes from the command getconf, the mapping is private and writable, a forked child prints the first seven facts from it, and the parent moves the last bytes to the mapping's begin (its own copy of that page), shrinks it by mremap to one page, and prints the last fact from there.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef unsigned __int128 big;
typedef unsigned long long ull;

static int complain(const char *about, const char *why)
{
    fflush(stdout);
    dprintf(2, "%s (%s)\n", about, why);
    exit(1);
}

static ull number(const char *w, ull least)
{
    big v = 0;
    if (!*w || w[strspn(w, "0123456789")])
        complain(w, "kein Maß, keine Zahl");
    for (const char *p = w; *p; p++)
        if ((v = v * 10 + (*p - '0')) >> 63)
            complain(w, "too large");
    if (v < least)
        complain(w, "too small");
    return v;
}

static ull pagesize(void)
{
    ull n = 0;
    FILE *f = popen("PATH=/usr/bin:/bin:$PATH; exec getconf PAGESIZE", "r");
    if (!f || fscanf(f, "%llu", &n) != 1 || n == 0 || (pclose(f), 0))
        complain("getconf", "no page size");
    return n;
}

static void facts(ull ps, ull off, ull len)
{
    dprintf(1, "page size: %llu\n", ps);
    dprintf(1, "offset: %llu\n", off);
    dprintf(1, "aligned offset: %llu\n", off / ps * ps);
    dprintf(1, "delta: %llu\n", off % ps);
    dprintf(1, "mapped length: %llu\n", off % ps + len);
}

static void content(const char *name, const unsigned char *p, ull n)
{
    char text[64 * 4 + 1], *t = text;
    for (ull i = 0; i < n; i++)
        t += sprintf(t, p[i] == '\\' || p[i] < 0x20 || p[i] > 0x7e ? "\\x%02x" : "%c", p[i]);
    *t = 0;
    dprintf(1, "%s: %s\n", name, text);
}

int main(int argc, char **argv)
{
    int reading = argc > 1 && !strcmp(argv[1], "--read");
    if (reading && argc != 5 || !reading && (argc < 2 || argc > 3)) {
        dprintf(2, "Usage: %s OFFSET [LENGTH], or: %s --read FILE OFFSET LENGTH\n", "lab4-page-align", "lab4-page-align");
        return 2;
    }
    char **w = argv + (reading ? 3 : 1);
    ull off = number(w[0], 0), len = w[1] ? number(w[1], 1) : 1;
    if ((big)off + len - 1 >> 63)
        complain(w[1] ? w[1] : w[0], "together too far");
    if (!reading) {
        facts(pagesize(), off, len);
        return 0;
    }

    const char *name = argv[2];
    /* O_PATH opens without waiting, and without side effects on pipes and devices */
    int path = open(name, O_PATH | O_CLOEXEC);
    struct stat st;
    if (path < 0 || fstat(path, &st) < 0)
        complain(name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        complain(name, "not regular");
    char again[64];
    sprintf(again, "/proc/self/fd/%d", path);
    int fd = open(again, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        complain(name, strerror(errno));
    off_t size = lseek(fd, 0, SEEK_END);
    if (off >= (ull)size)
        complain(name, "nothing there");
    if (len > size - off)
        len = size - off;

    ull ps = pagesize(), delta = off % ps, mapped = delta + len, n = len < 64 ? len : 64;
    unsigned char *map = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, off - delta);
    if (map == MAP_FAILED)
        complain(name, strerror(errno));
    close(fd);
    close(path);
    pid_t child = fork();
    if (child < 0)
        complain(name, "no child");
    if (child == 0) {
        facts(ps, off, len);
        dprintf(1, "length: %llu\n", len);
        content("first bytes", map + delta, n);
        _exit(0);
    }
    int status;
    memmove(map, map + mapped - n, n);          /* into our own copy of its first page */
    if (waitpid(child, &status, 0) != child || status != 0)
        complain(name, "the child failed");
    if (mapped > ps && mremap(map, mapped, ps, 0) != map)  /* never longer, only shorter */
        complain(name, strerror(errno));
    content("last bytes", map, n);
    return 0;
}
