// expect: passes
// cc: -nostdlib -static -ffreestanding -fno-stack-protector -fno-builtin
// about: no C library at all: _start in assembly, raw system calls, `rep movsb` from window to window inside a reserved piece of address space (MAP_FIXED, 1 MiB each), both facts leave in one writev at the end.
#define _GNU_SOURCE
#include <asm/unistd.h>
#include <errno.h>
#undef errno
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define CHUNK (1l << 20)
#define PATH 4096

__asm__(".globl _start\n"
        "_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n\thlt\n"
        "back:\n\tmov $15, %eax\n\tsyscall\n");
extern char back[];

static long sys(long n, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}
#define S1(n, a) sys(n, (long)(a), 0, 0, 0, 0, 0)
#define S2(n, a, b) sys(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define S3(n, a, b, c) sys(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define S4(n, a, b, c, d) sys(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define S6(n, a, b, c, d, e, f) sys(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* the compiler may ask for these */
void *memset(void *p, int c, size_t n)
{
    void *d = p;
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
    return p;
}
void *memcpy(void *p, const void *q, size_t n)
{
    void *d = p;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(q), "+c"(n) : : "memory");
    return p;
}

static long length(const char *s)
{
    long n = 0;
    while (s[n])
        n++;
    return n;
}

static const char *source, *target;
static char scrap[PATH + 64];

static void leave(int status) { for (;;) S1(__NR_exit_group, status); }

static void stop(const char *name, const char *why)
{
    struct iovec v[4] = { { (void *)why, length(why) }, { ": ", 2 }, { (void *)name, length(name) }, { "\n", 1 } };
    if (scrap[0])
        S1(__NR_unlink, scrap);
    S3(__NR_writev, 2, v, 4);
    leave(1);
}

static void on_bus(int sig) { stop(source, "has become shorter"); }

static long catch(int sig, void (*handler)(int))
{
    struct { void (*h)(int); unsigned long flags; void *restorer; unsigned long mask; } sa =
        { handler, 0x04000000 /* SA_RESTORER */, back, 0 };
    return S4(__NR_rt_sigaction, sig, &sa, 0, 8);
}

static char *digits(char *end, unsigned long n)
{
    do *--end = '0' + n % 10; while (n /= 10);
    return end;
}

/* Follows the links at the end of path[PATH], also to a file that is not there yet. */
static int follow(char *path)
{
    static char link[PATH];
    for (int i = 0; i < 40; i++) {
        long n = S3(__NR_readlink, path, link, PATH);
        if (n <= 0)
            return 0;
        long keep = 0;
        if (link[0] != '/')
            for (long k = 0; path[k]; k++)
                if (path[k] == '/')
                    keep = k + 1;
        if (keep + n >= PATH)
            return -1;
        memcpy(path + keep, link, n);
        path[keep + n] = 0;
    }
    return -1;
}

static int equal(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

__attribute__((used)) void begin(long *stack)
{
    long argc = stack[0];
    char **argv = (char **)(stack + 1);
    int atomic = argc > 1 && equal(argv[1], "--atomic");
    if (argc - atomic != 3) {
        S3(__NR_write, 2, "usage: lab3-copy [--atomic] SOURCE DESTINATION\n", 47);
        leave(2);
    }
    source = argv[1 + atomic];
    target = argv[2 + atomic];
    catch(7 /* SIGBUS */, on_bus);
    catch(25 /* SIGXFSZ */, (void (*)(int))1 /* SIG_IGN */);

    struct stat s, t;
    if (S2(__NR_stat, source, &s) < 0)
        stop(source, "no such source");
    if (!S_ISREG(s.st_mode))
        stop(source, "not a regular file");
    long in = S3(__NR_open, source, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (in < 0)
        stop(source, "may not be read");
    if (S2(__NR_fstat, in, &s) < 0 || !S_ISREG(s.st_mode))
        stop(source, "not a regular file");
    long size = s.st_size;

    /* room for both windows, next to each other */
    char *arena = (char *)S6(__NR_mmap, 0, 2 * CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if ((unsigned long)arena > -4096ul)
        stop(source, "out of memory");
    if (size == 0) {
        char c;
        if (S3(__NR_read, in, &c, 1) != 0)
            stop(source, "does not say how long it is");
    } else {
        long n = size < CHUNK ? size : CHUNK;
        if (S6(__NR_mmap, arena, n, PROT_READ, MAP_PRIVATE | MAP_FIXED, in, 0) != (long)arena)
            stop(source, "cannot be mapped");
    }

    static char real[PATH];
    long n = length(target);
    if (n >= PATH)
        stop(target, "name too long");
    memcpy(real, target, n + 1);
    if (follow(real) < 0)
        stop(target, "too many links");
    long r = S2(__NR_stat, real, &t), out = -1;
    int exists = r == 0;
    if (r < 0 && r != -ENOENT)
        stop(target, "cannot be reached");
    if (exists) {
        if (s.st_dev == t.st_dev && s.st_ino == t.st_ino)
            stop(target, "is the source");
        if (!S_ISREG(t.st_mode))
            stop(target, "not a regular file");
        out = S3(__NR_open, real, (atomic ? O_WRONLY : O_RDWR) | O_NONBLOCK, 0);
        if (out < 0)
            stop(target, "may not be written");
    }
    if (atomic) {
        if (exists)
            S1(__NR_close, out);
        long keep = 0;
        for (long k = 0; real[k]; k++)
            if (real[k] == '/')
                keep = k + 1;
        static char temp[PATH + 64];
        memcpy(temp, real, keep);
        unsigned long id = S1(__NR_getpid, 0);
        do {
            char number[24];
            char *p = digits(number + 24, id++);
            temp[keep] = '.';
            memcpy(temp + keep + 1, p, number + 24 - p);
            memcpy(temp + keep + 1 + (number + 24 - p), ".new", 5);
            out = S3(__NR_open, temp, O_RDWR | O_CREAT | O_EXCL, exists ? 0600 : s.st_mode & 0777);
        } while (out == -EEXIST);
        if (out < 0)
            stop(target, "cannot be made anew");
        memcpy(scrap, temp, sizeof temp);
        if (exists && S2(__NR_fchmod, out, t.st_mode & 07777) < 0)
            stop(target, "cannot keep the permissions");
    } else if (!exists) {
        out = S3(__NR_open, real, O_RDWR | O_CREAT | O_EXCL, s.st_mode & 0777);
        if (out < 0)
            stop(target, "cannot be created");
        memcpy(scrap, real, sizeof real);
    }

    long before = 0;
    if (S2(__NR_fstat, out, &t) == 0)
        before = t.st_size;
    r = 0;
    if (size)
        do r = S4(__NR_fallocate, out, 0, 0, size); while (r == -EINTR);
    if (r == -EOPNOTSUPP || r == -ENOSYS)
        r = 0;
    if (r == 0)
        r = S2(__NR_ftruncate, out, size);
    if (r < 0) {
        S2(__NR_ftruncate, out, before);
        stop(target, "no room");
    }

    for (long at = 0; at < size; at += CHUNK) {
        long n = size - at < CHUNK ? size - at : CHUNK;
        if (at && S6(__NR_mmap, arena, n, PROT_READ, MAP_PRIVATE | MAP_FIXED, in, at) != (long)arena)
            stop(source, "cannot be mapped");
        if (S6(__NR_mmap, arena + CHUNK, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, out, at) !=
            (long)arena + CHUNK)
            stop(target, "cannot be mapped");
        memcpy(arena + CHUNK, arena, n);
    }
    if (S2(__NR_fstat, in, &s) < 0 || s.st_size < size)
        stop(source, "has become shorter");
    if (atomic && S2(__NR_rename, scrap, real) < 0)
        stop(target, "cannot be replaced");
    scrap[0] = 0;

    char number[24], *p = digits(number + 24, size);
    long d = number + 24 - p;
    struct iovec v[6] = { { "size: ", 6 }, { p, d }, { "\n", 1 }, { "copied: ", 8 }, { p, d }, { "\n", 1 } };
    if (S3(__NR_writev, 1, v, 6) < 0)
        leave(1);
    leave(0);
}
