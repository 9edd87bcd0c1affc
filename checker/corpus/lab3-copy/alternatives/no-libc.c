// expect: passes
// cc: -nostdlib -nostartfiles -static -no-pie -fno-builtin -fno-stack-protector -fcf-protection=none
// about: No C library at all: raw system calls from a `_start` of its own, windows of 256 KiB that replace each other by MAP_FIXED at one place, DESTINATION mapped without PROT_READ, the copy a `rep movsb`, facts by writev after the copy.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define WINDOW (256L << 10)

static long sc(long n, long a, long b, long c, long d, long e, long f)
{
    long r;
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}
#define SC(n, a, b, c, d) sc(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* the compiler may call these */
void *memcpy(void *d, const void *s, size_t n)
{
    void *r = d;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
    return r;
}
void *memset(void *d, int v, size_t n)
{
    void *r = d;
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(v) : "memory");
    return r;
}

static size_t length(const char *s) { size_t n = 0; while (s[n]) n++; return n; }
static int same(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return *a == *b; }

static const char *src, *dst;
static char path[3 * PATH_MAX], temporary[3 * PATH_MAX + 64], link_text[PATH_MAX];
static const char *volatile doomed;     /* to be removed after a failure */
static volatile long doomed_fd = -1;    /* to be given its old length after a failure */
static long doomed_length;
static char *volatile dst_window;

static void leave(int status) { for (;;) SC(SYS_exit_group, status, 0, 0, 0); }

static void refuse(const char *name)
{
    if (doomed) SC(SYS_unlink, doomed, 0, 0, 0);
    if (doomed_fd >= 0) SC(SYS_ftruncate, doomed_fd, doomed_length, 0, 0);
    struct iovec v[3] = { { "cannot be done, because of ", 27 }, { (void *)name, length(name) }, { "\n", 1 } };
    SC(SYS_writev, 2, v, 3, 0);
    leave(1);
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
    char *at = info->si_addr;
    refuse(dst_window && at >= dst_window && at < dst_window + WINDOW ? dst : src);
}

static void fact(const char *name, unsigned long value)
{
    char digits[24], *p = digits + sizeof digits;
    do *--p = '0' + value % 10; while (value /= 10);
    struct iovec v[4] = { { (void *)name, length(name) }, { ": ", 2 },
                          { p, digits + sizeof digits - p }, { "\n", 1 } };
    SC(SYS_writev, 1, v, 4, 0);
}

static void resolve(void)
{
    size_t n = length(dst);
    if (n >= PATH_MAX) refuse(dst);
    memcpy(path, dst, n + 1);
    for (int i = 0; i < 40; i++) {
        long m = SC(SYS_readlink, path, link_text, PATH_MAX, 0);
        if (m < 0) return;
        size_t keep = length(path);
        while (keep && path[keep - 1] != '/') keep--;
        if (link_text[0] == '/') keep = 0;
        if (keep + m >= PATH_MAX) refuse(dst);
        memcpy(path + keep, link_text, m);
        path[keep + m] = 0;
    }
    refuse(dst);
}

static void name_temporary(unsigned number)
{
    size_t keep = length(path), n;
    while (keep && path[keep - 1] != '/') keep--;
    memcpy(temporary, path, keep);
    n = keep;
    memcpy(temporary + n, ".new-", 5);
    n += 5;
    for (unsigned long v = (unsigned long)SC(SYS_getpid, 0, 0, 0, 0) << 16 | number; v; v >>= 4)
        temporary[n++] = "0123456789abcdef"[v & 15];
    temporary[n] = 0;
}

struct kernel_action { void *handler; unsigned long flags; void *restorer; unsigned long mask; };

void start_c(long *stack)
{
    long argc = stack[0];
    char **argv = (char **)(stack + 1);
    int atomic = argc == 4 && same(argv[1], "--atomic");
    if (argc != 3 + atomic || (argc == 3 && same(argv[1], "--atomic"))) {
        static const char words[] = "usage: lab3-copy [--atomic] SOURCE DESTINATION\n";
        SC(SYS_write, 2, words, sizeof words - 1, 0);
        leave(2);
    }
    src = argv[1 + atomic];
    dst = argv[2 + atomic];
    struct kernel_action act = { on_bus, SA_SIGINFO | 0x04000000, start_c, 0 };
    SC(SYS_rt_sigaction, SIGBUS, &act, 0, 8);
    struct kernel_action none = { SIG_IGN, 0x04000000, start_c, 0 };
    SC(SYS_rt_sigaction, SIGXFSZ, &none, 0, 8);

    struct stat s, d, now;
    if (SC(SYS_stat, src, &s, 0, 0) < 0 || !S_ISREG(s.st_mode)) refuse(src);
    long in = SC(SYS_open, src, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0, 0);
    if (in < 0 || SC(SYS_fstat, in, &s, 0, 0) < 0 || !S_ISREG(s.st_mode)) refuse(src);
    long size = s.st_size;
    char probe;
    if (size == 0 && SC(SYS_read, in, &probe, 1, 0) != 0) refuse(src);

    /* one place for each of the two windows */
    char *place = (char *)sc(SYS_mmap, 0, 2 * WINDOW, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if ((unsigned long)place > -4096UL) refuse(src);
    char *to = place + WINDOW;
    long n = size < WINDOW ? size : WINDOW;
    if (size && sc(SYS_mmap, (long)place, n, PROT_READ, MAP_SHARED | MAP_FIXED, in, 0) < 0) refuse(src);

    resolve();
    long e = SC(SYS_stat, path, &d, 0, 0);
    if (e < 0 && e != -ENOENT) refuse(dst);
    int there = e == 0;
    if (there && (!S_ISREG(d.st_mode) || (d.st_dev == s.st_dev && d.st_ino == s.st_ino))) refuse(dst);

    long out;
    if (atomic) {
        if (there) {
            out = SC(SYS_open, path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0, 0);
            if (out < 0) refuse(dst);
            SC(SYS_close, out, 0, 0, 0);
        }
        for (unsigned i = 0;; i++) {
            name_temporary(i);
            out = SC(SYS_open, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, there ? 0600 : s.st_mode & 0777, 0);
            if (out >= 0) break;
            if (out != -EEXIST || i > 999) refuse(dst);
        }
        doomed = temporary;
    } else if (there) {
        out = SC(SYS_open, path, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0, 0);
        if (out < 0 || SC(SYS_fstat, out, &d, 0, 0) < 0) refuse(dst);
        doomed_length = d.st_size;
        doomed_fd = out;
    } else {
        out = SC(SYS_open, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, s.st_mode & 0777, 0);
        if (out < 0) refuse(dst);
        doomed = path;
    }
    if (size) {
        e = SC(SYS_fallocate, out, 0, 0, size);
        if (e < 0 && e != -EOPNOTSUPP && e != -ENOSYS) refuse(dst);
    }
    if (SC(SYS_ftruncate, out, size, 0, 0) < 0) refuse(dst);

    for (long at = 0; at < size; at += WINDOW) {
        n = size - at < WINDOW ? size - at : WINDOW;
        if (at && sc(SYS_mmap, (long)place, n, PROT_READ, MAP_SHARED | MAP_FIXED, in, at) < 0) refuse(src);
        if (sc(SYS_mmap, (long)to, n, PROT_WRITE, MAP_SHARED | MAP_FIXED, out, at) < 0) refuse(dst);
        dst_window = to;
        memcpy(to, place, n);
    }
    if (SC(SYS_fstat, in, &now, 0, 0) < 0 || now.st_size < size) refuse(src);
    if (atomic) {
        if (there && SC(SYS_fchmod, out, d.st_mode & 0777, 0, 0) < 0) refuse(dst);
        if (SC(SYS_rename, temporary, path, 0, 0) < 0) refuse(dst);
    }
    doomed = 0;
    doomed_fd = -1;
    fact("size", size);
    fact("copied", size);
    leave(0);
}

__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call start_c\n  hlt\n");
