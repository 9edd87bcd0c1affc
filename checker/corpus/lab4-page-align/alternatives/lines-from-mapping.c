// expect: passes
// about: right. System calls by the syscall instruction, size and kind by statx, page size by getauxval; each line is one writev whose pieces point straight into the (shared) mapping, as printing is free.
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/stat.h>

static long sys(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long ret;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}

static struct iovec iov[80];
static int pieces;
static char escape[256][4];

static void piece(const void *p, size_t n)
{
    if (n) {
        iov[pieces].iov_base = (void *)p;
        iov[pieces++].iov_len = n;
    }
}

static void text(const char *s) { piece(s, strlen(s)); }

static int leave(int fd)
{
    int at = 0, failed = 0;
    while (at < pieces) {
        long k = sys(SYS_writev, fd, (long)(iov + at), pieces - at, 0, 0, 0);
        if (k == -4)
            continue;
        if (k < 0) {
            failed = 1;
            break;
        }
        while (at < pieces && (size_t)k >= iov[at].iov_len)
            k -= iov[at++].iov_len;
        if (k) {
            iov[at].iov_base = (char *)iov[at].iov_base + k;
            iov[at].iov_len -= k;
        }
    }
    pieces = 0;
    return failed;
}

static int fact(const char *name, uint64_t v)
{
    char digits[24];
    int at = sizeof digits;
    do
        digits[--at] = '0' + v % 10;
    while (v /= 10);
    text(name);
    piece(digits + at, sizeof digits - at);
    text("\n");
    return leave(1);
}

static int content(const char *name, const unsigned char *p, uint64_t n)
{
    uint64_t run = 0, i;
    text(name);
    for (i = 0; i < n; i++)
        if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '\\') {
            piece(p + run, i - run);
            piece(escape[p[i]], 4);
            run = i + 1;
        }
    piece(p + run, n - run);
    text("\n");
    return leave(1);
}

static int complain(const char *before, const char *word, const char *after)
{
    text(before);
    text(word);
    text(after);
    leave(2);
    return 1;
}

static int number(const char *w, uint64_t least, uint64_t *out)
{
    unsigned __int128 v = 0;
    const char *c = w;
    for (; (unsigned char)(*c - '0') < 10; c++) {
        v = v * 10 + (*c - '0');
        if (v >> 63)
            v = (unsigned __int128)1 << 64; /* too large, and it stays so */
    }
    if (c == w || *c || v >> 63 || v < least)
        return 0;
    *out = v;
    return 1;
}

int main(int argc, char **argv)
{
    int reading = argc > 1 && !strcmp(argv[1], "--read");
    if (reading ? argc != 5 : argc != 2 && argc != 3) {
        complain("usage: lab4-page-align OFFSET [LENGTH], or lab4-page-align --read FILE OFFSET LENGTH\n", "", "");
        return 2;
    }
    for (int i = 0; i < 256; i++) {
        escape[i][0] = '\\';
        escape[i][1] = 'x';
        escape[i][2] = "0123456789abcdef"[i >> 4];
        escape[i][3] = "0123456789abcdef"[i & 15];
    }
    char **words = argv + (reading ? 3 : 1);
    uint64_t offset, length = 1;
    if (!number(words[0], 0, &offset))
        return complain("no such OFFSET: ", words[0], "\n");
    if (words[1] && !number(words[1], 1, &length))
        return complain("no such LENGTH: ", words[1], "\n");
    if ((offset + length - 1) >> 63)
        return complain("too far from there: ", words[1], "\n");

    uint64_t page = getauxval(AT_PAGESZ);
    uint64_t aligned = offset / page * page, delta = offset - aligned;
    unsigned char *map = NULL;
    if (reading) {
        char *file = argv[2];
        long fd = sys(SYS_openat, AT_FDCWD, (long)file, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, 0, 0);
        if (fd < 0)
            return complain("cannot open ", file, "\n");
        struct statx stx;
        if (sys(SYS_statx, fd, (long)"", 0x1000 /* AT_EMPTY_PATH */, STATX_TYPE | STATX_SIZE, (long)&stx, 0) < 0
            || !S_ISREG(stx.stx_mode))
            return complain("no regular file: ", file, "\n");
        if (offset >= stx.stx_size)
            return complain("no bytes there in ", file, "\n");
        if (length > stx.stx_size - offset)
            length = stx.stx_size - offset;
        long at = sys(SYS_mmap, 0, delta + length, PROT_READ, MAP_SHARED, fd, aligned);
        if ((unsigned long)at > -4096UL)
            return complain("cannot map ", file, "\n");
        map = (unsigned char *)at;
    }
    int failed = fact("page size: ", page);
    failed |= fact("offset: ", offset);
    failed |= fact("aligned offset: ", aligned);
    failed |= fact("delta: ", delta);
    failed |= fact("mapped length: ", delta + length);
    if (reading) {
        uint64_t n = length < 64 ? length : 64;
        failed |= fact("length: ", length);
        failed |= content("first bytes: ", map + delta, n);
        failed |= content("last bytes: ", map + delta + length - n, n);
    }
    return failed;
}
