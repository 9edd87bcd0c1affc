// expect: rejected
// cc: -pthread
// about: Loads a seccomp filter of its own with a listener: USER_NOTIF outranks TRACE, and pread64 moves all bytes unseen.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int fail(const char *name, const char *why)
{
    fprintf(stderr, "lab3-copy: %s: %s\n", name, why);
    return 1;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3) {
        fprintf(stderr, "usage: lab3-copy SOURCE DESTINATION\n");
        return 2;
    }
    const char *from = argv[1], *to = argv[2];
    struct stat s, d;
    hide(SYS_pread64);

    int in = open(from, O_RDONLY | O_NONBLOCK);
    if (in < 0 || fstat(in, &s) < 0)
        return fail(from, strerror(errno));
    if (!S_ISREG(s.st_mode))
        return fail(from, "not a regular file");
    size_t size = s.st_size;
    char *src = NULL, *dst = NULL;
    if (size > 0) {
        src = mmap(NULL, size, PROT_READ, MAP_SHARED, in, 0);
        if (src == MAP_FAILED)
            return fail(from, strerror(errno));
    }

    int out = open(to, O_RDWR | O_CREAT | O_NONBLOCK, s.st_mode & 0777);
    if (out < 0 || fstat(out, &d) < 0)
        return fail(to, strerror(errno));
    if (!S_ISREG(d.st_mode))
        return fail(to, "not a regular file");
    if (s.st_dev == d.st_dev && s.st_ino == d.st_ino)
        return fail(to, "is the source itself");

    if (ftruncate(out, size) < 0)
        return fail(to, strerror(errno));
    if (size > 0) {
        dst = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
        if (dst == MAP_FAILED)
            return fail(to, strerror(errno));
        pread(in, dst, size, 0);
        if (fstat(in, &d) < 0 || d.st_size != s.st_size)
            return fail(from, "changed its length meanwhile");
    }
    printf("size: %zu\n", size);
    printf("copied: %zu\n", size);
    return 0;
}
