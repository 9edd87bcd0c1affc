// expect: passes
// cc: -nostdlib -static -ffreestanding -fno-stack-protector -fno-pie -no-pie -fno-tree-loop-distribute-patterns
// about: no C library at all: own _start, raw system calls, each fact one writev of several pieces; asks with the ioctl PAGEMAP_SCAN on /proc/self/pagemap instead of reading entries, touches the pages from the last to the first, stores with a locked `or` of 0, forks with clone(SIGCHLD).

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define PG 4096UL
#define LIMIT 65536UL

struct iov { const void *p; u64 n; };
struct region { u64 start, end, cats; };
struct scan {
    u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
    u64 inverted, mask, anyof, ret;
};
#define PAGEMAP_SCAN 0xC0606610UL /* _IOWR('f', 16, struct scan) */
#define IS_FILE (1UL << 2)
#define IS_PRESENT (1UL << 3)

static inline long sys6(long n, long a, long b, long c, long d, long e, long f)
{
    long r;
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}
#define S(n, a, b, c) sys6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
enum { rd = 0, opn = 2, cls = 3, fst = 5, mm = 9, ioc = 16, wrv = 20, rdv = 19, madv = 28, cln = 56, wt4 = 61, exg = 231 };

static u64 len(const char *s) { u64 n = 0; while (s[n]) n++; return n; }
static void quit(int s) { for (;;) S(exg, s, 0, 0); }

static void put(int fd, struct iov *v, u64 n)
{
    while (n) {
        long r = S(wrv, fd, v, n);
        if (r == -4)
            continue;
        if (r < 0)
            quit(1);
        while (n && (u64)r >= v->n) {
            r -= v->n;
            v++;
            n--;
        }
        if (n) {
            v->p = (const char *)v->p + r;
            v->n -= r;
        }
    }
}
static void say(int fd, const char *a, const char *b, const char *c, const char *d)
{
    struct iov v[5] = {{a, len(a)}, {b, len(b)}, {c, len(c)}, {d, len(d)}, {"\n", 1}};
    put(fd, v, 5);
}

static const char *file;
static u8 *base;
static u64 pages;
static u8 what[LIMIT];            /* 0 absent, 1 the file's, 2 own */
static char value[LIMIT * 8];
static struct region regs[64];
static char maps[1 << 16];

static void usage(void) { say(2, "usage: lab6-cow FILE [PAGE...] (or --drop FILE PAGE..., ", "or --fork FILE PAGE CHILD)", "", ""); quit(2); }
static void fail(const char *why) { say(2, why, ": ", file, ""); quit(1); }

static char *dec(char *o, u64 n)
{
    char t[24];
    int i = 0;
    do t[i++] = '0' + n % 10; while (n /= 10);
    while (i) *o++ = t[--i];
    return o;
}

static u64 number(const char *s)
{
    if (!*s)
        usage();
    for (const char *p = s; *p; p++)
        if (*p < '0' || *p > '9')
            usage();
    while (*s == '0')
        s++;
    if (len(s) > 9)
        return ~0UL;
    u64 n = 0;
    for (; *s; s++)
        n = n * 10 + (*s - '0');
    return n;
}

static void look(void)
{
    long fd = S(opn, "/proc/self/pagemap", 02000000, 0);
    if (fd < 0)
        fail("no pagemap");
    for (u64 i = 0; i < pages; i++)
        what[i] = 0;
    u64 at = (u64)base, end = at + pages * PG;
    while (at < end) {
        struct scan s = {sizeof s, 0, at, end, 0, (u64)regs, 64, 0, 0, IS_PRESENT, 0, IS_PRESENT | IS_FILE};
        long r = S(ioc, fd, PAGEMAP_SCAN, &s);
        if (r == -4)
            continue;
        if (r < 0)
            fail("no answer from PAGEMAP_SCAN");
        for (long k = 0; k < r; k++)
            for (u64 a = regs[k].start; a < regs[k].end; a += PG)
                what[(a - (u64)base) / PG] = regs[k].cats & IS_FILE ? 1 : 2;
        if (s.walk_end <= at)
            fail("PAGEMAP_SCAN stands still");
        at = s.walk_end;
    }
    S(cls, fd, 0, 0);
}

static void list(const char *name, const char *kind, u8 k)
{
    char *o = value;
    for (u64 i = 0; i < pages; i++) {
        if (what[i] != k)
            continue;
        u64 j = i;
        while (j + 1 < pages && what[j + 1] == k)
            j++;
        if (o != value)
            *o++ = ' ';
        o = dec(o, i);
        if (j > i) {
            *o++ = '-';
            o = dec(o, j);
        }
        i = j;
    }
    *o = 0;
    say(1, name, kind, ": ", o == value ? "none" : value);
}

static void report(const char *name)
{
    look();
    list(name, " file", 1);
    list(name, " own", 2);
    list(name, " absent", 0);
}

static void pause_for(const char *name)
{
    say(1, "waiting: ", name, "", "");
    for (;;) {
        char a, b[15];
        struct iov v[2] = {{&a, 1}, {b, sizeof b}};
        long r = S(rdv, 0, v, 2);
        if (r == -4)
            continue;
        if (r <= 0 || a == '\n')
            return;
        for (long i = 0; i + 1 < r; i++)
            if (b[i] == '\n')
                return;
    }
}

static void touch(void)
{
    for (u64 i = pages; i-- > 0;)
        __asm__ volatile("testb $1, %0" ::"m"(base[i * PG + 0]) : "cc");
}
static void store(u64 i) { __asm__ volatile("lock orb $0, %0" : "+m"(base[i * PG])::"cc"); }

static void print_line(void)
{
    u64 n = 0;
    long r, fd = S(opn, "/proc/self/maps", 02000000, 0);
    if (fd < 0)
        fail("no maps");
    while (n < sizeof maps - 1 && (r = S(rd, fd, maps + n, sizeof maps - 1 - n)) > 0)
        n += r;
    S(cls, fd, 0, 0);
    maps[n] = 0;
    for (char *p = maps; *p;) {
        char *q = p;
        u64 a = 0;
        for (; *q != '-'; q++)
            a = a * 16 + (*q <= '9' ? *q - '0' : *q - 'a' + 10);
        if (a == (u64)base) {
            int words = 0;
            while (!(*q == ' ' && ++words == 3))
                q++;
            *q = 0;
            say(1, "line: ", p, "", "");
            return;
        }
        while (*q && *q != '\n')
            q++;
        p = *q ? q + 1 : q;
    }
    fail("no line in maps");
}

static int same(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return *a == *b; }

__attribute__((used)) void cmain(u64 *sp)
{
    long argc = sp[0];
    char **argv = (char **)(sp + 1);
    int drop = argc > 1 && same(argv[1], "--drop"), forks = argc > 1 && same(argv[1], "--fork");
    int first = 1 + (drop | forks);
    long n = argc - first - 1;
    if (n < 0 || (drop && n < 1) || (forks && n != 2))
        usage();
    char **arg = argv + first + 1;
    for (long i = 0; i < n; i++)
        number(arg[i]);
    file = argv[first];

    struct { u64 dev, ino, nlink; u32 mode, uid, gid, pad; u64 rdev, size, rest[11]; } st;
    long fd = S(opn, file, 02000000 | 04000 | 0400, 0); /* O_CLOEXEC | O_NONBLOCK | O_NOCTTY */
    if (fd < 0 || S(fst, fd, &st, 0) < 0)
        fail("cannot be opened");
    if ((st.mode & 0170000) != 0100000)
        fail("is not a regular file");
    if (!st.size || st.size > LIMIT * PG)
        fail("is empty or too long");
    pages = (st.size + PG - 1) / PG;
    for (long i = 0; i < n; i++)
        if (number(arg[i]) >= pages)
            fail("has no such page");
    base = (u8 *)sys6(mm, 0, pages * PG, 3, 2, fd, 0);
    if ((u64)base > -4096UL)
        fail("cannot be mapped");

    value[0] = 0;
    *dec(value, pages) = 0;
    say(1, "pages: ", value, "", "");
    report("mapped");
    touch();
    report("read");
    pause_for("store");
    for (long i = 0; i < (forks ? 1 : n); i++)
        store(number(arg[i]));
    report("stored");
    if (drop) {
        for (long i = 0; i < n; i++)
            if (S(madv, base + number(arg[i]) * PG, PG, 4) < 0)
                fail("cannot drop");
        report("dropped");
        touch();
        report("again");
    }
    if (forks) {
        long pid = sys6(cln, 17, 0, 0, 0, 0, 0);
        if (pid < 0)
            fail("cannot fork");
        if (!pid) {
            store(number(arg[1]));
            report("child");
            pause_for("child");
            quit(0);
        }
        while (sys6(wt4, pid, 0, 0, 0, 0, 0) == -4)
            ;
        report("parent");
    }
    print_line();
    pause_for("end");
    quit(0);
}

__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call cmain\n hlt\n");

void *memset(void *d, int c, u64 n) { u8 *p = d; while (n--) *p++ = c; return d; }
void *memcpy(void *d, const void *s, u64 n) { u8 *p = d; const u8 *q = s; while (n--) *p++ = *q++; return d; }
