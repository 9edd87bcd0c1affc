// expect: passes
// about: The first process only forks a worker and passes its exit status on; the worker maps, prints and reads standard input. It looks at one pagemap entry at a time (lseek and read of 8 bytes), stores by reading a byte from a pipe into the last byte of the page, and refuses files of more than 200 pages.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 200

static const char *file_name;
static char *start;
static long n_pages, page_size;
static int hose[2];

static int refuse(const char *because)
{
    fprintf(stderr, "Sorry, no: \"%s\" %s\n", file_name, because);
    return 1;
}

static int usage(void)
{
    fputs("Usage: lab6-cow FILE [PAGE ...]  (or --drop FILE PAGE ..., or --fork FILE PAGE CHILD)\n", stderr);
    return 2;
}

static char whose(int table, long page)
{
    uint64_t e;
    off_t at = (off_t)((uintptr_t)start / (unsigned long)page_size + (unsigned long)page) * 8;
    if (lseek(table, at, SEEK_SET) != at || read(table, &e, sizeof e) != sizeof e)
        _exit(refuse("has no entry in the page table"));
    if (e < UINT64_C(1) << 63)
        return 'a';
    return e & UINT64_C(1) << 61 ? 'f' : 'o';
}

static void report(const char *title)
{
    char kind[LIMIT + 1];
    int table = open("/proc/self/pagemap", O_RDONLY);
    for (long i = 0; i < n_pages; i++)
        kind[i] = whose(table, i);
    kind[n_pages] = 0;
    close(table);
    for (const char *k = "file\0own\0absent\0"; *k; k += strlen(k) + 1) {
        bool any = false;
        printf("%s %s:", title, k);
        for (long i = 0; i < n_pages; i++) {
            if (kind[i] != *k || (i > 0 && kind[i - 1] == *k))
                continue;
            long last = i;
            while (kind[last + 1] == *k)
                last++;
            printf(" %ld", i);
            if (last > i)
                printf("-%ld", last);
            any = true;
        }
        puts(any ? "" : " none");
        fflush(stdout);
    }
}

static void wait_for_line(const char *what)
{
    int c;
    printf("waiting: %s\n", what);
    fflush(stdout);
    do
        c = getchar();
    while (c != '\n' && c != EOF);
}

static void look_at_all(void)
{
    static volatile unsigned sum;
    for (long i = 0; i < n_pages; i++)
        sum += (unsigned char)((volatile char *)start)[i * page_size + 1];
}

static void store(long page)
{
    if (write(hose[1], "#", 1) != 1 || read(hose[0], start + (page + 1) * page_size - 1, 1) != 1)
        _exit(refuse("cannot be stored into"));
}

static int work(int argc, char **argv)
{
    const char *option = "";
    struct stat s;
    long *named;
    int fd;

    if (argc > 1 && (strcmp(argv[1], "--drop") == 0 || strcmp(argv[1], "--fork") == 0)) {
        option = argv[1] + 2;
        argc--;
        argv++;
    }
    if (argc < 2 || (*option == 'd' && argc < 3) || (*option == 'f' && argc != 4))
        return usage();
    file_name = argv[1];
    argc -= 2;
    argv += 2;
    for (int i = 0; i < argc; i++)
        if (argv[i][0] == 0 || strspn(argv[i], "0123456789") != strlen(argv[i]))
            return usage();

    if (stat(file_name, &s) != 0)
        return refuse("cannot be found");
    if (!S_ISREG(s.st_mode))
        return refuse("is not regular");
    if ((fd = open(file_name, O_RDONLY)) < 0)
        return refuse("cannot be read");
    if (s.st_size == 0)
        return refuse("is empty");
    page_size = sysconf(_SC_PAGESIZE);
    if (s.st_size > LIMIT * page_size)
        return refuse("has more pages than I can count");
    n_pages = (s.st_size + page_size - 1) / page_size;
    named = calloc((size_t)argc + 1, sizeof *named);
    for (int i = 0; i < argc; i++) {
        for (const char *d = argv[i]; *d && named[i] < n_pages; d++)
            named[i] = named[i] * 10 + *d - '0';
        if (named[i] >= n_pages)
            return refuse("does not reach that far");
    }
    if (pipe(hose) != 0)
        return refuse("needs a pipe");

    start = mmap(NULL, (size_t)n_pages * (size_t)page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (start == MAP_FAILED)
        return refuse("cannot be mapped");

    printf("pages: %ld\n", n_pages);
    fflush(stdout);
    report("mapped");
    look_at_all();
    report("read");
    wait_for_line("store");
    for (int i = 0; i < (*option == 'f' ? 1 : argc); i++)
        store(named[i]);
    report("stored");
    if (*option == 'd') {
        for (int i = argc - 1; i >= 0; i--)
            madvise(start + named[i] * page_size, (size_t)page_size, MADV_DONTNEED);
        report("dropped");
        look_at_all();
        report("again");
    }
    if (*option == 'f') {
        int status;
        pid_t child = fork();
        if (child < 0)
            return refuse("cannot have a child");
        if (child == 0) {
            store(named[1]);
            report("child");
            wait_for_line("child");
            _exit(0);
        }
        while (wait(&status) != child)
            ;
        report("parent");
    }

    char range[64], perms[16], offset[32];
    uintptr_t from;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fscanf(maps, "%63s %15s %31s%*[^\n]", range, perms, offset) == 3) {
        sscanf(range, "%lx", &from);
        if (from == (uintptr_t)start) {
            printf("line: %s %s %s\n", range, perms, offset);
            fflush(stdout);
        }
    }
    fclose(maps);
    wait_for_line("end");
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    pid_t worker = fork();
    if (worker == 0)
        _exit(work(argc, argv));
    if (worker < 0 || waitpid(worker, &status, 0) != worker)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
