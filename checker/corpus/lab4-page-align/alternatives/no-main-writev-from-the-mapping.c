// expect: passes
// cc: -nostartfiles -fno-stack-protector
// about: no main and no stdio: its own _start in assembly, raw system calls for everything but getauxval(AT_PAGESZ), and each fact is one writev whose pieces point straight into the mapping (printing is free).
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

__asm__(".globl _start\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    mov (%rsp), %rdi\n"
        "    lea 8(%rsp), %rsi\n"
        "    and $-16, %rsp\n"
        "    call entry\n"
        "    hlt\n");

static long sys6(long n, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}
#define SYS3(n, a, b, c) sys6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)

static __attribute__((noreturn)) void leave(int status)
{
    for (;;)
        SYS3(SYS_exit_group, status, 0, 0);
}

static size_t len(const char *s)
{
    size_t n = 0;
    while (((volatile const char *)s)[n])
        n++;
    return n;
}

/* A line of pieces. */
static struct iovec piece[140];
static int pieces;

static void add(const void *p, size_t n)
{
    piece[pieces].iov_base = (void *)p;
    piece[pieces++].iov_len = n;
}

static void line(int fd)
{
    add("\n", 1);
    struct iovec *v = piece;
    while (pieces > 0) {
        long w = SYS3(SYS_writev, fd, v, pieces);
        if (w == -4)
            continue;
        if (w < 0)
            leave(1);
        while (pieces > 0 && (size_t)w >= v->iov_len) {
            w -= v->iov_len;
            v++;
            pieces--;
        }
        if (pieces > 0) {
            v->iov_base = (char *)v->iov_base + w;
            v->iov_len -= w;
        }
    }
    pieces = 0;
}

static __attribute__((noreturn)) void fail(const char *what, const char *why, int status)
{
    add(what, len(what));
    add(why, len(why));
    line(2);
    leave(status);
}

static int number(const char *s, uint64_t *out)
{
    int64_t v = 0;
    if (!*s)
        return 0;
    do {
        if ((unsigned char)(*s - '0') > 9)
            return 0;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *s - '0', &v))
            return 0;
    } while (*++s);
    *out = v;
    return 1;
}

static void fact(const char *name, uint64_t v)
{
    char digits[24], *p = digits + sizeof digits;
    do
        *--p = '0' + v % 10;
    while (v /= 10);
    add(name, len(name));
    add(": ", 2);
    add(p, digits + sizeof digits - p);
    line(1);
}

static void shown(const char *name, const unsigned char *p, uint64_t n)
{
    char hex[64][4];
    const unsigned char *end = p + n;
    add(name, len(name));
    add(": ", 2);
    for (int h = 0; p < end;) {
        const unsigned char *run = p;
        while (p < end && *p >= ' ' && *p <= '~' && *p != '\\')
            p++;
        if (p > run)
            add(run, p - run);
        if (p < end) {
            hex[h][0] = '\\';
            hex[h][1] = 'x';
            hex[h][2] = "0123456789abcdef"[*p >> 4];
            hex[h][3] = "0123456789abcdef"[*p++ & 15];
            add(hex[h++], 4);
        }
    }
    line(1);
}

__attribute__((used, noreturn)) void entry(long argc, char **argv)
{
    const char *file = 0, *ow, *lw = 0;
    uint64_t offset, length = 1;
    if (argc >= 2 && argv[1][0] == '-' && argv[1][1] == '-' && argv[1][2] == 'r' && argv[1][3] == 'e'
        && argv[1][4] == 'a' && argv[1][5] == 'd' && !argv[1][6]) {
        if (argc != 5)
            fail("usage: ", "lab4-page-align --read FILE OFFSET LENGTH", 2);
        file = argv[2];
        ow = argv[3];
        lw = argv[4];
    } else {
        if (argc != 2 && argc != 3)
            fail("usage: ", "lab4-page-align OFFSET [LENGTH]", 2);
        ow = argv[1];
        if (argc == 3)
            lw = argv[2];
    }
    if (!number(ow, &offset))
        fail(ow, " <- what offset is this?", 1);
    if (lw && (!number(lw, &length) || !length))
        fail(lw, " <- what length is this?", 1);
    if (offset + length > (uint64_t)1 << 63)
        fail(ow, " <- so far behind there is not so much", 1);

    uint64_t page = getauxval(AT_PAGESZ), mask = page - 1;
    uint64_t aligned = offset & ~mask, delta = offset & mask;
    unsigned char *map = 0;
    if (file) {
        struct stat st;
        long fd = sys6(SYS_openat, AT_FDCWD, (long)file, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, 0, 0);
        if (fd < 0)
            fail(file, " can not be opened", 1);
        if (SYS3(SYS_fstat, fd, &st, 0) < 0 || (st.st_mode & S_IFMT) != S_IFREG)
            fail(file, " is not regular", 1);
        if (offset >= (uint64_t)st.st_size)
            fail(file, " has nothing there", 1);
        if (length > st.st_size - offset)
            length = st.st_size - offset;
        long r = sys6(SYS_mmap, 0, delta + length, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, aligned);
        if (r < 0 && r > -4096)
            fail(file, " can not be mapped", 1);
        map = (unsigned char *)r;
    }
    fact("page size", page);
    fact("offset", offset);
    fact("aligned offset", aligned);
    fact("delta", delta);
    fact("mapped length", delta + length);
    if (file) {
        uint64_t n = length < 64 ? length : 64;
        fact("length", length);
        shown("first bytes", map + delta, n);
        shown("last bytes", map + delta + length - n, n);
    }
    leave(0);
}
