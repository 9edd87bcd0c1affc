// expect: passes
// varies: how many interleavings there is time for
// about: The lock is the name of a socket, tried again until it is free.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char *file;
static int fd;

static int sorry(const char *why)
{
    fprintf(stderr, "lab5-counter: %s: %s\n", file, why);
    return 1;
}

/* The lock is an abstract socket name (unix(7)) made of the inode: who binds it has it. */
static int lock_socket;

static void lock(int operation)
{
    const struct timespec pause = {0, 100000};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct stat st;
    if (operation == LOCK_UN) {
        close(lock_socket);
        return;
    }
    fstat(fd, &st);
    int length = sprintf(name.sun_path + 1, "lab5-%lx-%lx", (long)st.st_dev, (long)st.st_ino);
    lock_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    while (bind(lock_socket, (void *)&name, sizeof(sa_family_t) + 1 + length) < 0)
        nanosleep(&pause, NULL);
}

/* Opens a regular file; its length, or -1. */
static long long open_file(int flags)
{
    struct stat st;
    fd = open(file, flags | O_NONBLOCK | O_CLOEXEC, 0644);
    if (fd < 0 || fstat(fd, &st) < 0) {
        sorry(strerror(errno));
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        sorry("not a regular file");
        return -1;
    }
    return st.st_size;
}

static int64_t *map(int prot)
{
    void *at = mmap(NULL, 8, prot, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        exit(sorry(strerror(errno)));
    return at;
}

static int init(void)
{
    long long length = open_file(O_RDWR | O_CREAT);
    if (length < 0)
        return 1;
    lock(LOCK_EX);
    if (length == 0 && ftruncate(fd, 8) < 0)
        return sorry(strerror(errno));
    if (length != 0 && length != 8)
        return sorry("not 8 bytes");
    int64_t *counter = map(PROT_READ | PROT_WRITE);
    *(volatile int64_t *)counter = 0;
    lock(LOCK_UN);
    puts("value: 0");
    return 0;
}

/* Adds 1 and stores the new value; 0 if there is no room. */
static int add(volatile int64_t *counter, int64_t *value)
{
    lock(LOCK_EX);
    int64_t old = *counter;
    if (old != INT64_MAX)
        *counter = *value = old + 1;
    lock(LOCK_UN);
    return old != INT64_MAX;
}

static int increment(unsigned long long times)
{
    int64_t value = 0;
    long long length = open_file(O_RDWR);
    if (length < 0)
        return 1;
    if (length != 8)
        return sorry("not 8 bytes");
    int64_t *counter = map(PROT_READ | PROT_WRITE);
    while (times-- > 0)
        if (!add(counter, &value))
            return sorry("no room for one more");
    printf("value: %" PRId64 "\n", value);
    return 0;
}

static int watch(int64_t until)
{
    const struct timespec pause = {0, 1000000};
    long long length = open_file(O_RDONLY);
    if (length < 0)
        return 1;
    if (length != 8)
        return sorry("not 8 bytes");
    const int64_t *counter = map(PROT_READ);
    int64_t largest = __atomic_load_n(counter, __ATOMIC_RELAXED);
    printf("value: %" PRId64 "\n", largest);
    while (largest < until) {
        nanosleep(&pause, NULL);
        lock(LOCK_SH);
        int64_t value = *(volatile const int64_t *)counter;
        lock(LOCK_UN);
        if (value > largest) {
            largest = value;
            printf("value: %" PRId64 "\n", value);
        }
    }
    return 0;
}

static void another(void)
{
    int other = open(file, O_RDONLY | O_CLOEXEC);
    if (other >= 0)
        close(other);
}

static int locks(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (open_file(O_RDWR) < 0)
        return 1;
    if (fcntl(fd, F_SETLK, &whole) < 0)
        return sorry(strerror(errno));
    puts("fcntl: held");
    another();
    puts("fcntl: free");
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return sorry(strerror(errno));
    puts("flock: held");
    another();
    puts("flock: held");
    return 0;
}

static int usage(void)
{
    fputs("usage: lab5-counter init FILE | increment FILE [--times N] | watch FILE UNTIL | locks FILE\n",
          stderr);
    return 2;
}

static int is_number(const char *word)
{
    return *word && word[strspn(word, "0123456789")] == 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 3)
        return usage();
    const char *command = argv[1];
    file = argv[2];
    if (!strcmp(command, "init") && argc == 3)
        return init();
    if (!strcmp(command, "increment") && argc == 3)
        return increment(1);
    if (!strcmp(command, "increment") && argc == 5 && !strcmp(argv[3], "--times")) {
        unsigned long long times = strtoull(argv[4], NULL, 10);
        return is_number(argv[4]) && times > 0 ? increment(times) : usage();
    }
    if (!strcmp(command, "watch") && argc == 4) {
        const char *digits = argv[3] + (argv[3][0] == '-');
        return is_number(digits) ? watch(strtoll(argv[3], NULL, 10)) : usage();
    }
    if (!strcmp(command, "locks") && argc == 3)
        return locks();
    return usage();
}
