// expect: fails 3 with did-not-wait
// also: 5
// about: It takes the first bytes that come for the line.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *file;
static long size, pages;
static volatile unsigned char *map;

static int sorry(const char *why)
{
    fprintf(stderr, "lab6-cow: %s: %s\n", file, why);
    return 1;
}

/* 'f', 'o' or 'a' for each page. */
static void whose(char *state)
{
    int fd = open("/proc/self/pagemap", O_RDONLY);
    for (long n = 0; n < pages; n++) {
        uint64_t entry = 0;
        long at = ((uintptr_t)map / size + n) * 8;
        if (pread(fd, &entry, 8, at) != 8)
            exit(sorry("pagemap"));
        state[n] = !(entry >> 63 & 1) ? 'a' : entry >> 61 & 1 ? 'f' : 'o';
    }
    close(fd);
}

static void group(const char *when, const char *name, const char *state, char which)
{
    int any = 0;
    printf("%s %s:", when, name);
    for (long n = 0; n < pages; n++) {
        long last = n;
        if (state[n] != which)
            continue;
        while (last + 1 < pages && state[last + 1] == which)
            last++;
        if (last > n)
            printf(" %ld-%ld", n, last);
        else
            printf(" %ld", n);
        n = last;
        any = 1;
    }
    puts(any ? "" : " none");
}

static void report(const char *when)
{
    char *state = malloc(pages);
    whose(state);
    group(when, "file", state, 'f');
    group(when, "own", state, 'o');
    group(when, "absent", state, 'a');
    free(state);
}

static void wait_for(const char *what)
{
    char c[64];
    printf("waiting: %s\n", what);
    if (read(0, c, sizeof c) < 0)
        exit(1);
}

static void touch_all(void)
{
    for (long n = 0; n < pages; n++)
        (void)map[n * size];
}

static void store(long page)
{
    map[page * size] = '#';
}

static void print_line(void)
{
    char text[4096], start[32];
    FILE *maps = fopen("/proc/self/maps", "r");
    sprintf(start, "%lx-", (unsigned long)map);
    while (fgets(text, sizeof text, maps)) {
        if (!strncmp(text, start, strlen(start))) {
            char a[64], b[8], c[32];
            sscanf(text, "%63s %7s %31s", a, b, c);
            printf("line: %s %s %s\n", a, b, c);
        }
    }
    fclose(maps);
}

static int usage(void)
{
    fputs("usage: lab6-cow FILE [PAGE...] | --drop FILE PAGE... | --fork FILE PAGE CHILD\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    int dropping = 0, forking = 0;
    struct stat st;

    setvbuf(stdout, NULL, _IOLBF, 0);
    argv++, argc--;
    if (argc && !strcmp(*argv, "--drop"))
        dropping = 1, argv++, argc--;
    else if (argc && !strcmp(*argv, "--fork"))
        forking = 1, argv++, argc--;
    if (argc < 1 || (dropping && argc < 2) || (forking && argc != 3))
        return usage();
    for (int i = 1; i < argc; i++)
        if (!*argv[i] || strspn(argv[i], "0123456789") != strlen(argv[i]))
            return usage();
    file = argv[0];
    size = sysconf(_SC_PAGESIZE);
    int fd = open(file, O_RDONLY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st))
        return sorry(strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return sorry("not a regular file, or empty");
    pages = (st.st_size + size - 1) / size;
    if (pages > 65536)
        return sorry("too long");
    for (int i = 1; i < argc; i++) {
        errno = 0;
        if (strtoull(argv[i], NULL, 10) >= (unsigned long long)pages || errno)
            return sorry("no such page");
    }
    map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return sorry(strerror(errno));
    printf("pages: %ld\n", pages);
    report("mapped");
    touch_all();
    report("read");
    wait_for("store");
    for (int i = 1; i < (forking ? 2 : argc); i++)
        store(atol(argv[i]));
    report("stored");
    if (dropping) {
        for (int i = 1; i < argc; i++)
            madvise((void *)(map + atol(argv[i]) * size), size, MADV_DONTNEED);
        report("dropped");
        touch_all();
        report("again");
    }
    if (forking) {
        pid_t child = fork();
        if (child == 0) {
            store(atol(argv[2]));
            report("child");
            wait_for("child");
            return 0;
        }
        waitpid(child, NULL, 0);
        report("parent");
    }
    print_line();
    wait_for("end");
    return 0;
}
