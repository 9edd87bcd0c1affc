// expect: passes
// cc: -static -nostdlib -ffreestanding -fno-builtin -fno-stack-protector -fno-asynchronous-unwind-tables -s
// about: no C library at all: raw system calls, lock cmpxchg in assembly, a mapping with PROT_WRITE alone at a chosen address, lines by writev in three pieces, ppoll as a sleep.
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

typedef int64_t i64;
typedef uint64_t u64;

static inline long sys(long n, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long ret;
    __asm__ volatile("syscall" : "=a"(ret) : "0"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}
static void quit(int code) {
    for (;;) sys(SYS_exit_group, code, 0, 0, 0, 0, 0);
}
static unsigned long len(const char *s) {
    unsigned long n = 0;
    while (s[n]) n++;
    return n;
}
static int same(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}
static void put(int fd, const char *a, const char *b, const char *c) {
    struct iovec v[3];
    long want = 0;
    v[0].iov_base = (void *)a, want += v[0].iov_len = len(a);
    v[1].iov_base = (void *)b, want += v[1].iov_len = len(b);
    v[2].iov_base = (void *)c, want += v[2].iov_len = len(c);
    if (sys(SYS_writev, fd, (long)v, 3, 0, 0, 0) != want && fd == 1) quit(1);
}
static const char *name;
static void fail(const char *why) {
    put(2, "cannot use ", name, why);
    quit(1);
}
static void usage(void) {
    put(2, "usage: lab5-counter (init FILE | increment FILE [--times N]",
        " | watch FILE UNTIL | locks FILE)", "\n");
    quit(2);
}
static void show(i64 v) {
    char text[24], *p = text + sizeof text;
    u64 n = v < 0 ? 0 - (u64)v : (u64)v;
    *--p = 0;
    do *--p = '0' + n % 10; while (n /= 10);
    if (v < 0) *--p = '-';
    put(1, "value: ", p, "\n");
}
/* The digits of s up to limit; 0 if s is not one or more digits, -1 if it is more than limit. */
static int digits(const char *s, u64 limit, u64 *out) {
    u64 n = 0;
    int more = 0;
    if (!*s) return 0;
    for (; *s; s++) {
        unsigned d = (unsigned char)*s - '0';
        if (d > 9) return 0;
        if (n > (limit - d) / 10) more = 1;
        else n = n * 10 + d;
    }
    *out = more ? limit : n;
    return more ? -1 : 1;
}
static long open_it(int mode, int create) {
    int flags = mode | O_NONBLOCK | O_NOCTTY;
    long fd = sys(SYS_open, (long)name, flags, 0, 0, 0, 0);
    if (fd == -2 && create) fd = sys(SYS_open, (long)name, flags | O_CREAT, 0666, 0, 0, 0);
    if (fd < 0) fail(": it does not open\n");
    struct stat st;
    if (sys(SYS_fstat, fd, (long)&st, 0, 0, 0, 0)) fail(": fstat\n");
    if ((st.st_mode & S_IFMT) != S_IFREG) fail(": not a regular file\n");
    return fd;
}
static volatile i64 *map_it(long fd, int prot, int grow) {
    long size = sys(SYS_lseek, fd, 0, 2, 0, 0, 0);
    if (size == 0 && grow) {
        if (sys(SYS_ftruncate, fd, 8, 0, 0, 0, 0)) fail(": it does not grow\n");
        size = 8;
    }
    if (size != 8) fail(": its length is not 8\n");
    /* MAP_SHARED | MAP_FIXED_NOREPLACE */
    long p = sys(SYS_mmap, 0x5a5a00000000, 4096, prot, 0x100001, fd, 0);
    if (p < 0 && p > -4096) fail(": mmap\n");
    sys(SYS_close, fd, 0, 0, 0, 0, 0);
    return (volatile i64 *)p;
}
static void init(void) {
    volatile i64 *c = map_it(open_it(O_RDWR, 1), 2, 1);
    i64 zero = 0;
    __asm__ volatile("xchgq %0, %1" : "+r"(zero), "+m"(*c) : : "memory");
    show(0);
}
static void increment(u64 times) {
    volatile i64 *c = map_it(open_it(O_RDWR, 0), 2, 0);
    i64 v = *c;
    do {
        char done;
        do {
            if (v == INT64_MAX) fail(": there is no room for one more\n");
            i64 next = v + 1;
            __asm__ volatile("lock cmpxchgq %3, %1\n\tsete %2"
                             : "+a"(v), "+m"(*c), "=q"(done) : "r"(next) : "memory", "cc");
        } while (!done);
        v++;
    } while (--times);
    show(v);
}
static void watch(i64 until) {
    volatile i64 *c = map_it(open_it(O_RDONLY, 0), 1, 0);
    i64 top = *c;
    show(top);
    while (top < until) {
        long ts[2] = {0, 3000000};
        sys(SYS_ppoll, 0, 0, (long)ts, 0, 0, 0);
        i64 v = *c;
        if (v > top) show(top = v);
    }
}
static void locks(void) {
    long fd = open_it(O_RDWR, 0);
    struct flock all = {0};
    all.l_type = F_WRLCK;
    if (sys(SYS_fcntl, fd, F_SETLK, (long)&all, 0, 0, 0)) fail(": somebody has it locked (fcntl)\n");
    put(1, "fcntl", ": held", "\n");
    sys(SYS_close, open_it(O_RDWR, 0), 0, 0, 0, 0, 0);
    put(1, "fcntl", ": free", "\n");
    if (sys(SYS_flock, fd, 2 | 4, 0, 0, 0, 0)) fail(": somebody has it locked (flock)\n");
    put(1, "flock", ": held", "\n");
    sys(SYS_close, open_it(O_RDWR, 0), 0, 0, 0, 0, 0);
    put(1, "flock", ": held", "\n");
}
__attribute__((used, noreturn)) void begin(long *stack) {
    long n = stack[0];
    char **arg = (char **)(stack + 1);
    u64 u;
    if (n < 3) usage();
    name = arg[2];
    if (n == 3 && same(arg[1], "init")) init();
    else if (n == 3 && same(arg[1], "increment")) increment(1);
    else if (n == 5 && same(arg[1], "increment") && same(arg[3], "--times")) {
        if (!digits(arg[4], UINT64_MAX, &u) || u == 0) usage();
        increment(u);
    } else if (n == 4 && same(arg[1], "watch")) {
        int minus = arg[3][0] == '-';
        if (digits(arg[3] + minus, (u64)INT64_MAX + minus, &u) != 1) usage();
        watch(minus ? (i64)(0 - u) : (i64)u);
    } else if (n == 3 && same(arg[1], "locks")) locks();
    else usage();
    quit(0);
    __builtin_unreachable();
}
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");
