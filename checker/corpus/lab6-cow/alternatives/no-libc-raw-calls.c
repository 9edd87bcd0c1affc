// expect: passes
// cc: -nostdlib -static -ffreestanding -fno-stack-protector -fno-builtin
// about: no C library at all: own _start, raw system calls by `syscall`; FILE is opened with O_PATH, looked at, and opened again through /proc/self/fd; prints with writev, waits with readv, stores with `lock orb $0`, maps MAP_NORESERVE.
typedef unsigned long u64;
typedef unsigned char u8;
struct iov { const void *p; u64 n; };

#define PAGE 4096ul
#define MAXPAGES 65536ul

static long sys(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long ret;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}
#define S(nr, a, b, c) sys(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)

enum { READ = 0, OPEN = 2, CLOSE = 3, FSTAT = 5, MMAP = 9, PREAD = 17, READV = 19, WRITEV = 20,
       MADVISE = 28, FORK = 57, WAIT4 = 61, EXIT_GROUP = 231 };

static u64 entry[MAXPAGES];
static char text[1 << 20]; /* one fact, or the whole of maps */
static u8 *map;
static u64 pages;
static const char *path;

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

static void leave(int status)
{
    for (;;)
        S(EXIT_GROUP, status, 0, 0);
}

static void usage(void)
{
    static const char t[] = "usage: lab6-cow [--drop | --fork] FILE [PAGE...]\n";
    struct iov v[1] = { { t, sizeof t - 1 } };
    S(WRITEV, 2, v, 1);
    leave(2);
}

static void refuse(const char *why)
{
    struct iov v[4] = { { path, length(path) }, { ": ", 2 }, { why, length(why) }, { "\n", 1 } };
    S(WRITEV, 2, v, 4);
    leave(1);
}

static void out(const char *p, u64 n)
{
    while (n) {
        struct iov v[1] = { { p, n } };
        long done = S(WRITEV, 1, v, 1);
        if (done == -4) /* EINTR */
            continue;
        if (done <= 0)
            leave(1);
        p += done;
        n -= (u64)done;
    }
}

static u64 put(u64 at, const char *s)
{
    while (*s)
        text[at++] = *s++;
    return at;
}

static u64 put_number(u64 at, u64 n)
{
    char d[24];
    int k = 0;
    do
        d[k++] = (char)('0' + n % 10);
    while (n /= 10);
    while (k)
        text[at++] = d[--k];
    return at;
}

static int kind_of(u64 i)
{
    if (!(entry[i] & 1ul << 63))
        return 2;
    return entry[i] & 1ul << 61 ? 0 : 1;
}

static void report(const char *when)
{
    static const char *const kinds[3] = { " file:", " own:", " absent:" };
    long fd = S(OPEN, "/proc/self/pagemap", 02000000, 0);
    u64 got = 0, want = pages * 8;
    if (fd < 0)
        refuse("no page table to look into");
    while (got < want) {
        long n = sys(PREAD, fd, (long)((char *)entry + got), (long)(want - got),
                     (long)((u64)map / PAGE * 8 + got), 0, 0);
        if (n <= 0)
            refuse("the page table cannot be read");
        got += (u64)n;
    }
    S(CLOSE, fd, 0, 0);
    for (int k = 0; k < 3; k++) {
        u64 at = put(put(0, when), kinds[k]), before = at;
        for (u64 i = 0; i < pages;) {
            u64 end = i;
            while (end < pages && kind_of(end) == k)
                end++;
            if (end == i) {
                i++;
                continue;
            }
            text[at++] = ' ';
            at = put_number(at, i);
            if (end - i > 1) {
                text[at++] = '-';
                at = put_number(at, end - 1);
            }
            i = end;
        }
        if (at == before)
            at = put(at, " none");
        text[at++] = '\n';
        out(text, at);
    }
}

static void wait_line(const char *what)
{
    u64 at = put(0, "waiting: ");
    at = put(at, what);
    text[at++] = '\n';
    out(text, at);
    for (;;) {
        char c = 0;
        struct iov v[1] = { { &c, 1 } };
        long n = S(READV, 0, v, 1);
        if (n == -4)
            continue;
        if (n <= 0 || c == '\n')
            return;
    }
}

static void read_all(void)
{
    for (u64 i = pages; i-- > 0;) {
        u8 x;
        __asm__ volatile("movb (%1), %0" : "=q"(x) : "r"(map + i * PAGE) : "memory");
    }
}

static void store(u64 page)
{
    __asm__ volatile("lock orb $0, (%0)" : : "r"(map + page * PAGE) : "memory", "cc");
}

static void line(void)
{
    u64 n = 0, i = 0;
    long fd = S(OPEN, "/proc/self/maps", 02000000, 0), got;
    if (fd < 0)
        refuse("maps cannot be opened");
    while (n < sizeof text && (got = S(READ, fd, text + n, sizeof text - n)) > 0)
        n += (u64)got;
    S(CLOSE, fd, 0, 0);
    while (i < n) {
        u64 begin = i, start = 0, words = 1, end;
        for (; i < n && text[i] != '-'; i++)
            start = start * 16 + (u64)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
        for (end = begin; end < n && text[end] != '\n'; end++)
            if (text[end] == ' ' && words++ == 3)
                break;
        if (start == (u64)map) {
            text[end] = '\n';
            out("line: ", 6);
            out(text + begin, end - begin + 1);
            return;
        }
        while (i < n && text[i] != '\n')
            i++;
        i++;
    }
    refuse("not in maps");
}

static u64 number(const char *s)
{
    u64 n = 0;
    if (!*s)
        usage();
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            usage();
        if (n <= MAXPAGES)
            n = n * 10 + (u64)(*s - '0');
    }
    return n;
}

__attribute__((used)) void begin(u64 *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    int drop = argc > 1 && same(argv[1], "--drop"), fork = argc > 1 && same(argv[1], "--fork");
    int first = drop || fork ? 2 : 1, words = argc - first - 1, i;
    char **word = argv + first + 1;
    u64 st[18], size; /* struct stat: 144 bytes */
    unsigned mode;
    char again[64];

    if (words < 0 || (drop && words < 1) || (fork && words != 2))
        usage();
    for (i = 0; i < words; i++)
        number(word[i]);
    path = argv[first];

    long looked = S(OPEN, path, 010000000 | 02000000, 0); /* O_PATH: opens nothing that could wait */
    if (looked < 0)
        refuse(looked == -2 ? "does not exist" : "cannot be found");
    if (S(FSTAT, looked, st, 0) < 0)
        refuse("cannot be looked at");
    mode = (unsigned)st[3]; /* st_mode, then st_uid */
    size = st[6];
    if ((mode & 0170000) != 0100000)
        refuse("is no regular file");
    if (!size)
        refuse("is empty");
    if (size > MAXPAGES * PAGE)
        refuse("is too long");
    pages = (size + PAGE - 1) / PAGE;
    u64 at = put_number(put(0, "/proc/self/fd/"), (u64)looked);
    text[at] = 0;
    long fd = S(OPEN, text, 02000000, 0);
    if (fd < 0)
        refuse("may not be read");
    for (i = 0; i < words; i++)
        if (number(word[i]) >= pages)
            refuse("has fewer pages");

    map = (u8 *)sys(MMAP, 0, (long)size, 3, 2 | 0x4000, fd, 0);
    if ((u64)map > -4096ul)
        refuse("cannot be mapped");
    S(CLOSE, fd, 0, 0);
    S(CLOSE, looked, 0, 0);

    at = put_number(put(0, "pages: "), pages);
    text[at++] = '\n';
    out(text, at);
    report("mapped");
    read_all();
    report("read");
    wait_line("store");
    for (i = 0; i < (fork ? 1 : words); i++)
        store(number(word[i]));
    report("stored");
    if (drop) {
        for (i = 0; i < words; i++)
            if (S(MADVISE, map + number(word[i]) * PAGE, PAGE, 4) < 0)
                refuse("a page cannot be dropped");
        report("dropped");
        read_all();
        report("again");
    }
    if (fork) {
        int status = 0;
        long pid = S(FORK, 0, 0, 0), r;
        if (pid < 0)
            refuse("no child");
        if (pid == 0) {
            store(number(word[1]));
            report("child");
            wait_line("child");
            leave(0);
        }
        do
            r = S(WAIT4, pid, &status, 0);
        while (r == -4);
        if (r != pid || status)
            refuse("the child failed");
        report("parent");
    }
    line();
    wait_line("end");
    leave(0);
}

__asm__(".globl _start\n_start:\n\txorl %ebp, %ebp\n\tmovq %rsp, %rdi\n\tandq $-16, %rsp\n\tcall begin\n\thlt\n");
