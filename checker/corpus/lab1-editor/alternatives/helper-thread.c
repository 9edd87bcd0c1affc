// expect: passes core
// stretch: fails 11
// cc: -pthread
// about: A thread does the stores and another one syncs; append maps more than the file has before it grows it, with PROT_NONE, and mprotect makes it writable when the file is long enough.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct work {
    volatile char *to;
    const char *from;
    size_t n;
    void *page;
    size_t span;
    int error;
};

static void *store(void *arg)
{
    struct work *w = arg;
    for (size_t i = 0; i < w->n; i++)
        w->to[i] = w->from[i];
    return NULL;
}

static void *sync_pages(void *arg)
{
    struct work *w = arg;
    if (msync(w->page, w->span, MS_SYNC) != 0)
        w->error = errno;
    return NULL;
}

static bool in_thread(void *(*f)(void *), struct work *w)
{
    pthread_t t;
    int e = pthread_create(&t, NULL, f, w);
    if (e == 0)
        pthread_join(t, NULL);
    else
        w->error = e;
    return w->error == 0;
}

static void fact(const char *what, unsigned long long value)
{
    printf("%s: %llu\n", what, value);
    fflush(stdout);
}

static int failed(const char *file, int e)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", file, strerror(e));
    return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    enum { SHOW, OVERWRITE, APPEND, NONE } what = NONE;
    if (argc == 3 && strcmp(argv[1], "show") == 0) what = SHOW;
    if (argc == 4 && strcmp(argv[1], "overwrite") == 0) what = OVERWRITE;
    if (argc == 4 && strcmp(argv[1], "append") == 0) what = APPEND;
    if (what == NONE) {
        fprintf(stderr, "usage: %s show FILE | overwrite FILE TEXT | append FILE TEXT\n", "lab1-editor");
        return 2;
    }
    signal(SIGXFSZ, SIG_IGN);

    const char *file = argv[2];
    struct stat st;
    int fd = open(file, (what == SHOW ? O_RDONLY : O_RDWR) | O_NONBLOCK);
    if (fd < 0)
        return failed(file, errno);
    if (fstat(fd, &st) != 0)
        return failed(file, errno);
    if (!S_ISREG(st.st_mode))
        return failed(file, ENODEV);

    size_t page = getpagesize(), size = st.st_size;

    if (what == SHOW) {
        fact("size", size);
        if (size == 0) {
            puts("content: ");
            fflush(stdout);
            return 0;
        }
        const unsigned char *p = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE * (size < 65536), fd, 0);
        if (p == MAP_FAILED)
            return failed(file, errno);
        /* Runs of ordinary bytes leave straight from the mapping. */
        size_t end = size < 64 ? size : 64, i = 0;
        printf("content: ");
        while (i < end) {
            size_t run = i;
            while (run < end && p[run] >= ' ' && p[run] < 0x7f && p[run] != '\\')
                run++;
            fwrite(p + i, 1, run - i, stdout);
            if (run < end)
                printf("\\x%02x", p[run++]);
            i = run;
        }
        printf("\n");
        fflush(stdout);
        return 0;
    }

    const char *text = argv[3];
    size_t len = strlen(text);
    struct work w = { .from = text };

    if (what == OVERWRITE) {
        w.n = len > size ? size : len;
        w.span = w.n;
        if (w.n > 0) {
            w.page = mmap(NULL, w.n, PROT_READ, MAP_SHARED, fd, 0);
            if (w.page == MAP_FAILED || mprotect(w.page, w.n, PROT_READ | PROT_WRITE) != 0)
                return failed(file, errno);
            w.to = w.page;
            if (!in_thread(store, &w))
                return failed(file, w.error);
        }
        fact("size", size);
        fact("written", w.n);
        fact("cut", len - w.n);
        if (w.n > 0 && !in_thread(sync_pages, &w))
            return failed(file, w.error);
        fact("synced", w.n);
        return 0;
    }

    fact("size", size);
    if (len > 0) {
        size_t start = size - size % page;
        w.span = size % page + len;
        w.n = len;
        w.page = mmap(NULL, w.span, PROT_NONE, MAP_SHARED, fd, start); /* longer than the file */
        if (w.page == MAP_FAILED)
            return failed(file, errno);
        w.to = (char *)w.page + size % page;
        int e = posix_fallocate(fd, size, len); /* grows the file and finds room for it */
        if (e == 0 && mprotect(w.page, w.span, PROT_READ | PROT_WRITE) != 0)
            e = errno;
        if (e != 0) {
            ftruncate(fd, size);
            return failed(file, e);
        }
        if (!in_thread(store, &w))
            return failed(file, w.error);
        fact("appended", len);
        if (!in_thread(sync_pages, &w))
            return failed(file, w.error);
    } else
        fact("appended", 0);
    fact("synced", len);
    fact("new size", size + len);
    return 0;
}
