// expect: passes
// cc: -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie -fcf-protection=none
// about: no C library at all, own _start and raw system calls; each line is one writev whose pieces lie in the mapping itself (printing is free); the whole file is mapped (MAP_NORESERVE), the bytes are stored from the last to the first.
#include <fcntl.h>
#include <linux/errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

__asm__(".globl _start\n_start:\n\txor %ebp,%ebp\n\tmov %rsp,%rdi\n\tand $-16,%rsp\n\tcall begin\n\thlt\n");

static long sys(long nr, long a, long b, long c, long d, long e, long f)
{
    long ret;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}

static void leave(int status)
{
    for (;;)
        sys(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

static size_t length(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

static struct iovec part[80];
static int parts;

static void add(const void *p, size_t n)
{
    if (n) {
        part[parts].iov_base = (void *)p;
        part[parts].iov_len = n;
        parts++;
    }
}

static void out(int fd)
{
    struct iovec *v = part;
    while (parts > 0) {
        long r = sys(SYS_writev, fd, (long)v, parts, 0, 0, 0);
        if (r == -EINTR)
            continue;
        if (r < 0)
            leave(1);
        while (parts > 0 && (size_t)r >= v->iov_len) {
            r -= v->iov_len;
            v++;
            parts--;
        }
        if (parts > 0) {
            v->iov_base = (char *)v->iov_base + r;
            v->iov_len -= r;
        }
    }
}

static char escape[64][4];

static void fact(const char *label, const unsigned char *p, size_t n)
{
    add(label, length(label));
    add(": ", 2);
    for (size_t i = 0; i < n;) {
        size_t j = i;
        while (j < n && p[j] >= 0x20 && p[j] <= 0x7e && p[j] != '\\')
            j++;
        if (j > i) {
            add(p + i, j - i);
            i = j;
            continue;
        }
        escape[i][0] = '\\';
        escape[i][1] = 'x';
        escape[i][2] = "0123456789abcdef"[p[i] >> 4];
        escape[i][3] = "0123456789abcdef"[p[i] & 15];
        add(escape[i], 4);
        i++;
    }
    add("\n", 1);
    out(1);
}

static const char *name;

static void fail(const char *what)
{
    add("lab2-compare: ", 14);
    add(name, length(name));
    add(": ", 2);
    add(what, length(what));
    add("\n", 1);
    out(2);
    leave(1);
}

static unsigned char bytes[64];

static void file_fact(const char *label, int fd, size_t n)
{
    size_t got = 0;
    while (got < n) {
        long r = sys(SYS_pread64, fd, (long)(bytes + got), n - got, got, 0, 0);
        if (r == -EINTR)
            continue;
        if (r < 0)
            fail("cannot be read");
        if (r == 0)
            break;
        got += r;
    }
    fact(label, bytes, got);
}

static volatile unsigned char *map(int fd, size_t size, int flags)
{
    long p = sys(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (p < 0 && p > -4096)
        fail("cannot be mapped");
    return (volatile unsigned char *)p;
}

__attribute__((used)) void begin(long *stack)
{
    long argc = stack[0];
    char **argv = (char **)(stack + 1);
    struct stat st;
    char digits[24];
    int d = sizeof digits;

    if (argc != 3) {
        add("usage: lab2-compare FILE TEXT\n", 30);
        out(2);
        leave(2);
    }
    name = argv[1];
    const char *text = argv[2];
    long fd = sys(SYS_openat, AT_FDCWD, (long)name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, 0, 0);
    if (fd < 0)
        fail("cannot be opened");
    if (sys(SYS_fstat, fd, (long)&st, 0, 0, 0, 0) < 0)
        fail("cannot be looked at");
    if (!S_ISREG(st.st_mode))
        fail("is no regular file");

    size_t size = st.st_size, n = length(text), shown = size < 64 ? size : 64;
    if (n > size)
        n = size;
    size_t s = size;
    do {
        digits[--d] = '0' + s % 10;
        s /= 10;
    } while (s);
    add("size: ", 6);
    add(digits + d, sizeof digits - d);
    add("\n", 1);
    out(1);

    if (size == 0) {
        fact("private mapping", bytes, 0);
        fact("private file", bytes, 0);
        fact("shared mapping", bytes, 0);
        fact("shared file", bytes, 0);
        leave(0);
    }

    volatile unsigned char *p = map(fd, size, MAP_PRIVATE | MAP_NORESERVE);
    for (size_t i = n; i-- > 0;)
        p[i] = text[i];
    fact("private mapping", (const unsigned char *)p, shown);
    file_fact("private file", fd, shown);
    sys(SYS_munmap, (long)p, size, 0, 0, 0, 0);

    long w = sys(SYS_openat, AT_FDCWD, (long)name, O_RDWR | O_NONBLOCK | O_NOCTTY, 0, 0, 0);
    if (w < 0)
        fail("cannot be opened for writing");
    p = map(w, size, MAP_SHARED);
    for (size_t i = n; i-- > 0;)
        p[i] = text[i];
    fact("shared mapping", (const unsigned char *)p, shown);
    file_fact("shared file", fd, shown);
    leave(0);
}
