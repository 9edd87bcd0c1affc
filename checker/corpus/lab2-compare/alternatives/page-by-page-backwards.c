// expect: passes
// cc: -pthread -static
// about: maps one page at a time, from the last needed page to the first, with MAP_FIXED into a reserved region, storing with xchg in between (so the mapping consists of many areas side by side); a second thread prints every line while the first waits; the file is looked at by sendfile into a memfd.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };

static const char *name;
static sem_t go, done;
static const char *label;
static const unsigned char *value;
static size_t value_len;

static void *printer(void *arg)
{
    for (;;) {
        while (sem_wait(&go) < 0)
            ;
        if (!label)
            return NULL;
        printf("%s: ", label);
        for (size_t i = 0; i < value_len; i++)
            if (value[i] != '\\' && value[i] >= ' ' && value[i] <= '~')
                putchar_unlocked(value[i]);
            else
                printf("\\x%.2hhx", value[i]);
        putchar_unlocked('\n');
        fflush(stdout);
        sem_post(&done);
    }
}

static void fact(const char *l, const void *p, size_t n)
{
    label = l;
    value = p;
    value_len = n;
    sem_post(&go);
    while (sem_wait(&done) < 0)
        ;
}

static void die(const char *what)
{
    fprintf(stderr, "%s: %s failed: %s\n", name, what, strerror(errno));
    exit(1);
}

static void store(unsigned char *to, const char *from, size_t n)
{
    while (n-- > 0) {
        unsigned char c = from[n];
        __asm__ volatile("xchgb %0, %1" : "+q"(c), "+m"(to[n]) : : "memory");
    }
}

static unsigned char *map_and_store(int fd, int flags, const char *text, size_t n, size_t need)
{
    size_t pages = (need + PAGE - 1) / PAGE;
    unsigned char *base = mmap(NULL, (pages + 2) * PAGE, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        die("reserving addresses");
    base += PAGE;
    for (size_t i = pages; i-- > 0;) {
        size_t at = i * PAGE;
        if (mmap(base + at, PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, at) == MAP_FAILED)
            die("mmap");
        if (at < n)
            store(base + at, text + at, n - at < PAGE ? n - at : PAGE);
    }
    return base;
}

static size_t look(int fd, unsigned char *buf, size_t n)
{
    int m = memfd_create("look", MFD_CLOEXEC);
    if (m < 0)
        die("memfd_create");
    off_t off = 0;
    while ((size_t)off < n) {
        ssize_t r = sendfile(m, fd, &off, n - off);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            die("reading");
        if (r == 0)
            break;
    }
    ssize_t r = pread(m, buf, off, 0);
    if (r != off)
        die("reading");
    close(m);
    return r;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: lab2-compare FILE TEXT\n");
        return 2;
    }
    name = argv[1];
    const char *text = argv[2];
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        die("open");
    struct stat st;
    if (fstat(fd, &st) < 0)
        die("fstat");
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        die("not a regular file, so opening it");
    }
    size_t size = st.st_size;
    size_t n = strnlen(text, size);
    size_t shown = size < 64 ? size : 64;
    size_t need = n > shown ? n : shown;
    unsigned char buf[64];

    pthread_t t;
    sem_init(&go, 0, 0);
    sem_init(&done, 0, 0);
    if ((errno = pthread_create(&t, NULL, printer, NULL)))
        die("starting a thread");

    char number[24];
    fact("size", number, sprintf(number, "%zu", size));
    if (need == 0) {
        fact("private mapping", buf, 0);
        fact("private file", buf, 0);
        fact("shared mapping", buf, 0);
        fact("shared file", buf, 0);
    } else {
        unsigned char *p = map_and_store(fd, MAP_PRIVATE, text, n, need);
        fact("private mapping", p, shown);
        fact("private file", buf, look(fd, buf, shown));

        int w = open(name, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (w < 0)
            die("open for writing");
        unsigned char *s = map_and_store(w, MAP_SHARED, text, n, need);
        fact("shared mapping", s, shown);
        fact("shared file", buf, look(fd, buf, shown));
    }
    label = NULL;
    sem_post(&go);
    pthread_join(t, NULL);
    return 0;
}
