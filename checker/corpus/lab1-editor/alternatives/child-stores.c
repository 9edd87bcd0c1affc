// expect: passes
// about: A forked child does the storing (and the looking of show) in the mapping it inherited, byte by byte from the end; the parent waits for it, takes the write permission away by mprotect, and msyncs the mapping that was writable. Appenders hold a POSIX record lock only while they reserve their place, and store after it is released.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *file;

static void die(const char *why)
{
    dprintf(2, "lab1-editor: %s (%s: %s)\n", file, why, strerror(errno));
    exit(1);
}

static void fact(const char *name, uint64_t value)
{
    dprintf(1, "%s: %" PRIu64 "\n", name, value);
}

static uint64_t size_of(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        die("fstat");
    return st.st_size;
}

/* The type is looked at before the opening and, for a name that changed in between, after it. */
static int open_it(int how)
{
    struct stat st;
    if (stat(file, &st) != 0)
        die("stat");
    errno = EINVAL;
    if (!S_ISREG(st.st_mode))
        die("only regular files are edited");
    int fd = open(file, how | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        die("open");
    if (fstat(fd, &st) != 0)
        die("fstat");
    errno = EINVAL;
    if (!S_ISREG(st.st_mode))
        die("only regular files are edited");
    return fd;
}

static pid_t child(void)
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    return pid;
}

static void wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    errno = ECHILD;
    if (status != 0)
        die("the child failed");
}

static void show(void)
{
    int fd = open_it(O_RDONLY);
    uint64_t size = size_of(fd);
    const uint8_t *p = NULL;
    if (size > 0) {
        p = mmap(NULL, size < 64 ? size : 64, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
            die("mmap");
    }
    close(fd);
    fact("size", size);
    pid_t pid = child();
    if (pid == 0) {
        char line[64 * 4 + 1];
        int k = 0;
        line[0] = 0;
        for (uint64_t i = 0; i < size && i < 64; i++)
            k += sprintf(line + k, p[i] < 32 || p[i] > 126 || p[i] == '\\' ? "\\x%02x" : "%c", p[i]);
        dprintf(1, k > 0 ? "content: %s\n" : "content:\n", line);
        _exit(0);
    }
    wait_for(pid);
}

struct view { uint8_t *page, *at; size_t len; };

static struct view put(int fd, uint64_t at, const char *text, size_t n)
{
    struct view v = {NULL, NULL, 0};
    if (n == 0)
        return v;
    uint64_t skip = at & 4095;
    v.len = skip + n;
    v.page = mmap(NULL, v.len, PROT_WRITE, MAP_SHARED, fd, at - skip);
    if (v.page == MAP_FAILED)
        die("mmap");
    v.at = v.page + skip;
    pid_t pid = child();
    if (pid == 0) {
        volatile uint8_t *to = v.at;
        for (size_t i = n; i-- > 0;)
            to[i] = (uint8_t)text[i];
        _exit(0);
    }
    wait_for(pid);
    if (mprotect(v.page, v.len, PROT_READ) != 0)
        die("mprotect");
    return v;
}

static void sync_view(struct view v)
{
    if (v.len > 0 && msync(v.page, v.len, MS_SYNC) != 0)
        die("msync");
}

static void overwrite(const char *text)
{
    int fd = open_it(O_RDWR);
    uint64_t size = size_of(fd);
    size_t len = strlen(text), n = len < size ? len : size;
    fact("size", size);
    struct view v = put(fd, 0, text, n);
    fact("written", n);
    fact("cut", len - n);
    sync_view(v);
    fact("synced", n);
}

static uint64_t reserve(int fd, size_t len)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    while (fcntl(fd, F_SETLKW, &l) != 0)
        if (errno != EINTR)
            die("lock");
    uint64_t old = size_of(fd);
    fact("size", old);
    if (len > 0) {
        while (fallocate(fd, 0, old, len) != 0) {
            if (errno == EINTR)
                continue;
            int e = errno;
            if (size_of(fd) != old)
                ftruncate(fd, old);
            errno = e;
            die("the file cannot grow");
        }
    }
    l.l_type = F_UNLCK;
    fcntl(fd, F_SETLK, &l);
    return old;
}

static void append(const char *text)
{
    int fd = open_it(O_RDWR);
    size_t len = strlen(text);
    uint64_t old = reserve(fd, len);
    struct view v = put(fd, old, text, len);
    fact("appended", len);
    sync_view(v);
    fact("synced", len);
    fact("new size", old + len);
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    file = argc > 2 ? argv[2] : "";
    if (!strcmp(command, "show") && argc == 3)
        show();
    else if (!strcmp(command, "overwrite") && argc == 4)
        overwrite(argv[3]);
    else if (!strcmp(command, "append") && argc == 4)
        append(argv[3]);
    else {
        dprintf(2, "usage: %s show FILE | overwrite FILE TEXT | append FILE TEXT\n", "lab1-editor");
        return 2;
    }
    return 0;
}
