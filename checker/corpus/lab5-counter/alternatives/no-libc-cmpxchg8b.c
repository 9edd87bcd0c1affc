// expect: passes
// cc: -nostdlib -static -ffreestanding -fno-stack-protector -fno-pie -no-pie -mno-red-zone
// about: static, no C library, bare system calls, lines by writev; maps a window of 1 MiB over the 8 bytes; adds with lock cmpxchg8b, clears with xchg, looks with an SSE load; locks asks by F_OFD_GETLK and by one more flock.
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <asm/stat.h>
#include <linux/stat.h>
#include <stdint.h>

#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#endif
#define WINDOW (1 << 20)

typedef struct { const char *base; unsigned long len; } piece;
struct range { short type, whence; long start, len; int pid; };

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
    long r;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(r) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}

static unsigned long length(const char *s)
{
    unsigned long n = 0;
    while (s[n])
        n++;
    return n;
}

static int same(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return *a == *b;
}

static void line(int fd, const char *a, const char *b, const char *c)
{
    piece p[4] = {{a, length(a)}, {b, length(b)}, {c, length(c)}, {"\n", 1}};
    call(__NR_writev, fd, (long)p, 4, 0, 0, 0);
}

static void value(int64_t v)
{
    char text[24], *t = text + sizeof text;
    uint64_t m = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    *--t = 0;
    do
        *--t = '0' + m % 10;
    while (m /= 10);
    if (v < 0)
        *--t = '-';
    line(1, "value: ", t, "");
}

static const char *file;

static int sorry(long e)
{
    const char *why = "it did not work";
    switch (-e) {
    case ENOENT: why = "there is no such thing"; break;
    case EACCES: why = "it may not be opened"; break;
    case EISDIR: why = "it is a directory"; break;
    case EAGAIN: why = "somebody else has the lock"; break;
    case 1000: why = "it is no regular file"; break;
    case 1001: why = "a counter has 8 bytes"; break;
    case 1002: why = "it has no room for one more"; break;
    }
    line(2, file, " -- ", why);
    return 1;
}

static int usage(void)
{
    line(2, "usage: lab5-counter (init FILE | increment FILE [--times N]", " | watch FILE UNTIL", " | locks FILE)");
    return 2;
}

/* a descriptor, or minus the reason; *size becomes the length */
static long regular(long flags, long *size)
{
    struct stat st;
    long fd = call(__NR_open, (long)file, flags | O_NONBLOCK | O_NOCTTY, 0666, 0, 0, 0);
    if (fd < 0)
        return fd;
    long e = call(__NR_fstat, fd, (long)&st, 0, 0, 0, 0);
    if (e < 0)
        return e;
    if (!S_ISREG(st.st_mode))
        return -1000;
    *size = st.st_size;
    return fd;
}

static long window(long fd, long prot)
{
    long at = call(__NR_mmap, 0, WINDOW, prot, 1 /* MAP_SHARED */, fd, 0);
    if (at > 0)
        call(__NR_close, fd, 0, 0, 0, 0, 0);
    return at;
}

static int64_t look(long at)
{
    int64_t v;
    __asm__ volatile("movq (%1), %%xmm0\n\tmovq %%xmm0, %0" : "=r"(v) : "r"(at) : "xmm0", "memory");
    return v;
}

/* if *at is *old, it becomes new; otherwise *old becomes what is there */
static int exchange(long at, int64_t *old, int64_t new)
{
    unsigned char done;
    uint32_t lo = (uint32_t)*old, hi = (uint64_t)*old >> 32;
    __asm__ volatile("lock cmpxchg8b (%3)\n\tsete %0"
                     : "=q"(done), "+a"(lo), "+d"(hi)
                     : "S"(at), "b"((uint32_t)new), "c"((uint32_t)((uint64_t)new >> 32))
                     : "memory", "cc");
    *old = (int64_t)((uint64_t)hi << 32 | lo);
    return done;
}

static int init(void)
{
    long size, fd = regular(O_RDWR | O_CREAT, &size), at, zero = 0;
    if (fd < 0)
        return sorry(fd);
    if (size == 0) {
        long e = call(__NR_fallocate, fd, 0, 0, 8, 0, 0); /* it only ever makes it longer */
        if (e == -EOPNOTSUPP || e == -ENOSYS)
            e = call(__NR_ftruncate, fd, 8, 0, 0, 0, 0);
        if (e < 0)
            return sorry(e);
    } else if (size != 8)
        return sorry(-1001);
    at = window(fd, 3);
    if (at < 0)
        return sorry(at);
    __asm__ volatile("xchg %0, (%1)" : "+r"(zero) : "r"(at) : "memory");
    value(0);
    return 0;
}

static int increment(uint64_t n)
{
    long size, fd = regular(O_RDWR, &size), at;
    if (fd < 0)
        return sorry(fd);
    if (size != 8)
        return sorry(-1001);
    at = window(fd, 3);
    if (at < 0)
        return sorry(at);
    int64_t v = look(at);
    while (n) {
        if (v == INT64_MAX) {
            v = look(at); /* has somebody made room meanwhile? */
            if (v == INT64_MAX)
                return sorry(-1002);
        }
        if (exchange(at, &v, v + 1)) {
            v++;
            n--;
        }
    }
    value(v);
    return 0;
}

static int watch(int64_t until)
{
    long size, fd = regular(O_RDONLY, &size), at;
    if (fd < 0)
        return sorry(fd);
    if (size != 8)
        return sorry(-1001);
    at = window(fd, 1);
    if (at < 0)
        return sorry(at);
    int64_t top = look(at), v;
    value(top);
    while (top < until) {
        v = look(at);
        if (v > top)
            value(top = v);
        else
            call(__NR_poll, 0, 0, 3, 0, 0, 0);
    }
    return 0;
}

static int once_more(int by_flock)
{
    long fd = call(__NR_open, (long)file, O_RDWR, 0, 0, 0, 0);
    long r = 0;
    if (fd >= 0) {
        if (by_flock)
            r = call(__NR_flock, fd, 2 | 4, 0, 0, 0, 0);
        call(__NR_close, fd, 0, 0, 0, 0, 0);
    }
    return r == -EAGAIN;
}

static int locks(void)
{
    long size, e, fd = regular(O_RDWR, &size);
    if (fd < 0)
        return sorry(fd);
    struct range mine = {F_WRLCK, 0, 0, 0, 0};
    e = call(__NR_fcntl, fd, F_SETLK, (long)&mine, 0, 0, 0);
    if (e < 0)
        return sorry(e == -EACCES ? -EAGAIN : e);
    for (int i = 0; i < 2; i++) {
        if (i)
            once_more(0);
        /* a lock of the open file is in the way of one of the process, so we can ask ourselves */
        struct range other = {F_WRLCK, 0, 0, 0, 0};
        e = call(__NR_fcntl, fd, F_OFD_GETLK, (long)&other, 0, 0, 0);
        if (e < 0)
            return sorry(e);
        line(1, "fcntl: ", other.type == F_UNLCK ? "free" : "held", "");
    }
    e = call(__NR_flock, fd, 2 | 4, 0, 0, 0, 0);
    if (e < 0)
        return sorry(e);
    line(1, "flock: ", once_more(1) ? "held" : "free", "");
    once_more(0);
    line(1, "flock: ", once_more(1) ? "held" : "free", "");
    return 0;
}

/* the digits of s as a magnitude; what is above the largest becomes UINT64_MAX; 0 if it is no number */
static int digits(const char *s, uint64_t *out)
{
    uint64_t n = 0;
    int big = 0;
    if (!*s)
        return 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return 0;
        big |= __builtin_mul_overflow(n, 10, &n);
        big |= __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n);
    }
    *out = big ? UINT64_MAX : n;
    return 1;
}

static int run(long argc, char **argv)
{
    uint64_t n;
    if (argc < 3)
        return usage();
    file = argv[2];
    if (argc == 3) {
        if (same(argv[1], "init"))
            return init();
        if (same(argv[1], "increment"))
            return increment(1);
        if (same(argv[1], "locks"))
            return locks();
    } else if (argc == 4 && same(argv[1], "watch")) {
        int minus = argv[3][0] == '-';
        if (digits(argv[3] + minus, &n) && n <= (uint64_t)INT64_MAX + minus)
            return watch(minus ? (int64_t)(0 - n) : (int64_t)n);
    } else if (argc == 5 && same(argv[1], "increment") && same(argv[3], "--times")) {
        if (digits(argv[4], &n) && n)
            return increment(n);
    }
    return usage();
}

void begin(long *stack)
{
    call(__NR_exit_group, run(stack[0], (char **)(stack + 1)), 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n\thlt\n");
