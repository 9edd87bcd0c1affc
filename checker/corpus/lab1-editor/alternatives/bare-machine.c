// expect: passes
// cc: -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie -fno-tree-loop-distribute-patterns -fcf-protection=none
// about: No C library at all: its own _start, raw system calls (openat2, statx, fcntl OFD lock, fallocate), stores by rep movsb; all facts of a command leave in one single writev after everything is done.

#include <stddef.h>
#include <stdint.h>

typedef int64_t i64;
typedef uint64_t u64;
typedef unsigned char u8;

enum {
    SYS_close = 3, SYS_mmap = 9, SYS_munmap = 11, SYS_writev = 20, SYS_msync = 26, SYS_fcntl = 72,
    SYS_ftruncate = 77, SYS_exit_group = 231, SYS_fallocate = 285, SYS_statx = 332, SYS_openat2 = 437
};

static i64 sys(i64 nr, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f)
{
    i64 r;
    register i64 r10 __asm__("r10") = d;
    register i64 r8 __asm__("r8") = e;
    register i64 r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(r)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}

struct iovec { const void *base; u64 len; };
struct how { u64 flags, mode, resolve; };
struct lock { short type, whence; i64 start, len; int pid; };
struct statx_time { i64 sec; uint32_t nsec; int pad; };
struct statx {
    uint32_t mask, blksize; u64 attributes; uint32_t nlink, uid, gid; uint16_t mode, pad;
    u64 ino, size, blocks, attributes_mask; struct statx_time t[4]; uint32_t rest[64];
};

static u64 length(const char *s)
{
    u64 n = 0;
    while (s[n])
        n++;
    return n;
}

static int same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

/* The lines to print, collected. */
static char out[1024];
static u64 fill;

static void text(const char *s)
{
    while (*s)
        out[fill++] = *s++;
}

static void fact(const char *what, u64 n)
{
    char digits[24];
    int k = 0;
    do
        digits[k++] = '0' + n % 10;
    while ((n /= 10) > 0);
    text(what);
    text(": ");
    while (k > 0)
        out[fill++] = digits[--k];
    out[fill++] = '\n';
}

static void end(int status)
{
    for (;;)
        sys(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

static void done(void)
{
    u64 from = 0;
    while (from < fill) {
        struct iovec v = {out + from, fill - from};
        i64 r = sys(SYS_writev, 1, (i64)&v, 1, 0, 0, 0);
        if (r == -4)
            continue;
        if (r <= 0)
            end(1);
        from += r;
    }
    end(0);
}

static void fail(const char *file, const char *what)
{
    struct iovec v[5] = {{"lab1-editor: ", 13}, {what, length(what)}, {": ", 2}, {file, length(file)}, {"\n", 1}};
    sys(SYS_writev, 2, (i64)v, 5, 0, 0, 0);
    end(1);
}

static u64 size_of(const char *file, int fd)
{
    static struct statx st;
    /* AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE */
    if (sys(SYS_statx, fd, (i64)"", 0x1000, 0x201, (i64)&st, 0) < 0)
        fail(file, "cannot be looked at");
    if ((st.mode & 0170000) != 0100000)
        fail(file, "is not a regular file");
    return st.size;
}

static int open_file(const char *file, int mode)
{
    /* O_NONBLOCK, O_NOCTTY, O_CLOEXEC, O_LARGEFILE */
    struct how h = {mode | 04000 | 0400 | 02000000 | 0100000, 0, 0};
    i64 fd = sys(SYS_openat2, -100, (i64)file, (i64)&h, sizeof h, 0, 0);
    if (fd == -26)
        fail(file, "is running");
    if (fd < 0)
        fail(file, "cannot be opened");
    return fd;
}

static int is_error(i64 r)
{
    return r < 0 && r >= -4095;
}

static void show(const char *file)
{
    int fd = open_file(file, 0);
    u64 size = size_of(file, fd), n = size < 64 ? size : 64;
    fact("size", size);
    text("content: ");
    if (n > 0) {
        i64 p = sys(SYS_mmap, 0, n, 1, 1, fd, 0);
        if (is_error(p))
            fail(file, "cannot be mapped");
        sys(SYS_close, fd, 0, 0, 0, 0, 0);
        for (const u8 *b = (const u8 *)p; b < (const u8 *)p + n; b++) {
            if (*b >= ' ' && *b <= '~' && *b != '\\') {
                out[fill++] = *b;
            } else {
                text("\\x");
                out[fill++] = "0123456789abcdef"[*b >> 4];
                out[fill++] = "0123456789abcdef"[*b & 15];
            }
        }
        sys(SYS_munmap, p, n, 0, 0, 0, 0);
    }
    out[fill++] = '\n';
    done();
}

/* Stores n bytes at `at` and syncs their pages; 0, or what went wrong. */
static const char *put(int fd, u64 at, const char *from, u64 n)
{
    if (n == 0)
        return 0;
    u64 skip = at & 4095;
    i64 p = sys(SYS_mmap, 0, skip + n, 3, 1, fd, at - skip);
    if (is_error(p))
        return "cannot be mapped";
    void *to = (char *)p + skip;
    const void *src = from;
    u64 count = n;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(src), "+c"(count) : : "memory");
    if (sys(SYS_msync, p, skip + n, 4, 0, 0, 0) < 0)
        return "cannot be synced";
    sys(SYS_munmap, p, skip + n, 0, 0, 0, 0);
    return 0;
}

static void overwrite(const char *file, const char *s)
{
    int fd = open_file(file, 2);
    u64 size = size_of(file, fd), len = length(s), n = len < size ? len : size;
    const char *wrong = put(fd, 0, s, n);
    if (wrong)
        fail(file, wrong);
    fact("size", size);
    fact("written", n);
    fact("cut", len - n);
    fact("synced", n);
    done();
}

static void append(const char *file, const char *s)
{
    int fd = open_file(file, 2);
    size_of(file, fd);
    struct lock l = {1, 0, 0, 0, 0};
    i64 r;
    do
        r = sys(SYS_fcntl, fd, 38, (i64)&l, 0, 0, 0);
    while (r == -4);
    if (r < 0)
        fail(file, "cannot be locked");
    u64 old = size_of(file, fd), len = length(s);
    if (len > 0) {
        do
            r = sys(SYS_fallocate, fd, 0, old, len, 0, 0);
        while (r == -4);
        if (r < 0) {
            if (size_of(file, fd) != old)
                sys(SYS_ftruncate, fd, old, 0, 0, 0, 0);
            fail(file, r == -28 ? "has no room on its disk" : "cannot grow");
        }
        const char *wrong = put(fd, old, s, len);
        if (wrong)
            fail(file, wrong);
    }
    fact("size", old);
    fact("appended", len);
    fact("synced", len);
    fact("new size", old + len);
    done();
}

__attribute__((used)) void start_c(u64 *stack)
{
    u64 argc = stack[0];
    char **argv = (char **)(stack + 1);
    if (argc == 3 && same(argv[1], "show"))
        show(argv[2]);
    if (argc == 4 && same(argv[1], "overwrite"))
        overwrite(argv[2], argv[3]);
    if (argc == 4 && same(argv[1], "append"))
        append(argv[2], argv[3]);
    static const char use[] = "usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT\n";
    struct iovec v = {use, sizeof use - 1};
    sys(SYS_writev, 2, (i64)&v, 1, 0, 0, 0);
    end(2);
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start_c\n\thlt\n");
