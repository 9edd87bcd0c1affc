// expect: rejected
// cc: -pthread
// about: Loads a seccomp filter of its own with a listener: readv from a pipe fills the mapping of FILE unseen.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sys/uio.h>

#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/prctl.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
static void *nod(void *arg)
{
    int fd = (int)(long)arg;
    for (;;) {
        struct seccomp_notif q; struct seccomp_notif_resp a;
        memset(&q, 0, sizeof q); memset(&a, 0, sizeof a);
        if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &q) < 0) continue;
        a.id = q.id; a.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &a);
    }
    return 0;
}
static int chan = -1; static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER; static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;
static void *first(void *x)
{
    pthread_mutex_lock(&mu); while (chan == -1) pthread_cond_wait(&cv, &mu); pthread_mutex_unlock(&mu);
    if (chan >= 0) nod((void *)(long)chan);
    return 0;
}
/* An own listener outranks SECCOMP_RET_TRACE; it says CONTINUE, and the tracer never hears of the call. */
static void hide(int nr)
{
    pthread_t t;
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog p = { 4, f };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    pthread_create(&t, 0, first, 0);
    int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
    pthread_mutex_lock(&mu); chan = fd < 0 ? -2 : fd; pthread_cond_signal(&cv); pthread_mutex_unlock(&mu);
}

static const char *name;

static int complain(const char *why)
{
    fprintf(stderr, "lab1-editor: %s: %s\n", name, why);
    return 1;
}

static int open_file(int mode, size_t *size)
{
    struct stat st;
    int fd = open(name, mode | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        exit(complain(strerror(errno)));
    if (!S_ISREG(st.st_mode))
        exit(complain("not a regular file"));
    *size = st.st_size;
    return fd;
}

static void print_content(const unsigned char *p, size_t n)
{
    printf("content: ");
    for (size_t i = 0; i < n && i < 64; i++) {
        if (p[i] >= 0x20 && p[i] <= 0x7e && p[i] != '\\')
            putchar(p[i]);
        else
            printf("\\x%02x", p[i]);
    }
    putchar('\n');
}

static int show(void)
{
    size_t size;
    int fd = open_file(O_RDONLY, &size);
    unsigned char *map = NULL;
    if (size > 0) {
        map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
            return complain(strerror(errno));
    }
    printf("size: %zu\n", size);
    print_content(map, size);
    return 0;
}

static int overwrite(const char *text)
{
    size_t size, len = strlen(text);
    int fd = open_file(O_RDWR, &size);
    size_t n = len < size ? len : size;
    char *map = NULL;

    if (n > 0) {
        map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
            return complain(strerror(errno));
        int p[2]; pipe(p); write(p[1], text, n); hide(SYS_readv); syscall(SYS_readv, p[0], &(struct iovec){map, n}, 1);
    }
    printf("size: %zu\n", size);
    printf("written: %zu\n", n);
    printf("cut: %zu\n", len - n);
    if (n > 0 && msync(map, size, MS_SYNC) < 0)
        return complain(strerror(errno));
    printf("synced: %zu\n", n);
    return 0;
}

static int append(const char *text)
{
    size_t size, len = strlen(text);
    int fd = open_file(O_RDWR, &size);
    char *map = NULL;

    if (len > 0) {
        if (ftruncate(fd, size + len) < 0)
            return complain(strerror(errno));
        map = mmap(NULL, size + len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED) {
            int why = errno;
            ftruncate(fd, size);
            return complain(strerror(why));
        }
        memcpy(map + size, text, len);
    }
    printf("size: %zu\n", size);
    printf("appended: %zu\n", len);
    if (len > 0 && msync(map, size + len, MS_SYNC) < 0)
        return complain(strerror(errno));
    printf("synced: %zu\n", len);
    printf("new size: %zu\n", size + len);
    return 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGXFSZ, SIG_IGN);
    if (argc >= 3)
        name = argv[2];
    if (argc == 3 && strcmp(argv[1], "show") == 0)
        return show();
    if (argc == 4 && strcmp(argv[1], "overwrite") == 0)
        return overwrite(argv[3]);
    if (argc == 4 && strcmp(argv[1], "append") == 0)
        return append(argv[3]);
    fprintf(stderr, "usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT\n");
    return 2;
}
