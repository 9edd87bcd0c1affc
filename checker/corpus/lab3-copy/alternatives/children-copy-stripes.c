// expect: passes
// about: three children (fork) copy the windows i, i+3, i+6 ... of 4 MiB each, every one with its own two mappings and with non-temporal stores; the parent only looks whether SOURCE can be mapped, gives the length, waits, checks and prints.
#define _GNU_SOURCE
#include <emmintrin.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CREW 3
#define STRIPE (4l << 20)

static char *leftover;

static _Noreturn void no(const char *name, int code, const char *words)
{
    if (leftover)
        unlink(leftover);
    dprintf(2, "'%s' -- %s\n", name, code ? strerror(code) : words);
    exit(1);
}

static void stream(char *to, const char *from, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm_stream_si128((__m128i *)(to + i), _mm_load_si128((const __m128i *)(from + i)));
    for (; i < n; i++)
        to[i] = from[i];
    _mm_sfence();
}

/* one worker: 0, or the step that failed */
static int work(int who, int crew, int in, int out, off_t size)
{
    for (off_t at = who * STRIPE; at < size; at += crew * STRIPE) {
        size_t n = size - at < STRIPE ? size - at : STRIPE;
        char *s = mmap(NULL, n, PROT_READ, MAP_SHARED | MAP_POPULATE, in, at);
        if (s == MAP_FAILED)
            return 3;
        char *d = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, out, at);
        if (d == MAP_FAILED)
            return 4;
        madvise(s, n, MADV_SEQUENTIAL);
        stream(d, s, n);
        munmap(d, n);
        munmap(s, n);
    }
    return 0;
}

int main(int argc, char *argv[])
{
    const char *usage = "usage: lab3-copy [--atomic] SOURCE DESTINATION\n";
    char **names = argv + 1;
    int atomic = 0;
    if (argc == 4 && strcmp(argv[1], "--atomic") == 0)
        atomic = 1, names++;
    else if (argc != 3 || strcmp(argv[1], "--atomic") == 0)
        return fputs(usage, stderr), 2;
    const char *S = names[0], *D = names[1];
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);

    struct stat s, d, now;
    if (lstat(S, &s) < 0 || (S_ISLNK(s.st_mode) && stat(S, &s) < 0))
        no(S, errno, 0);
    if (!S_ISREG(s.st_mode))
        no(S, 0, "not a regular file");
    int in = open(S, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (in < 0 || fstat(in, &s) < 0)
        no(S, errno, 0);
    if (!S_ISREG(s.st_mode))
        no(S, 0, "not a regular file");
    off_t size = s.st_size;
    if (size) {
        void *p = mmap(NULL, 1, PROT_READ, MAP_SHARED, in, 0);
        if (p == MAP_FAILED)
            no(S, errno, 0);
        munmap(p, 1);
    } else {
        char c[16];
        if (read(in, c, sizeof c) != 0)
            no(S, 0, "has content, but no size");
    }

    /* the end of a chain of links, whether there is a file or not */
    char *name = strdup(D);
    for (int i = 0;; i++) {
        char text[PATH_MAX] = "";
        if (readlink(name, text, sizeof text - 1) <= 0)
            break;
        if (i == 40)
            no(D, ELOOP, 0);
        char *next, *copy = strdup(name);
        if (text[0] == '/')
            next = strdup(text);
        else if (asprintf(&next, "%s/%s", dirname(copy), text) < 0)
            no(D, ENOMEM, 0);
        free(copy);
        free(name);
        name = next;
    }

    int fresh = stat(name, &d) < 0;
    if (fresh && errno != ENOENT)
        no(D, errno, 0);
    if (!fresh && d.st_dev == s.st_dev && d.st_ino == s.st_ino)
        no(S, 0, "cannot be copied onto itself");
    if (!fresh && !S_ISREG(d.st_mode))
        no(D, 0, "not a regular file");

    int out;
    off_t old = 0;
    if (atomic) {
        if (!fresh && faccessat(AT_FDCWD, name, W_OK, AT_EACCESS) < 0)
            no(D, errno, 0);
        char *copy = strdup(name), *temp;
        if (name[0] == 0 || name[strlen(name) - 1] == '/')
            no(D, ENOENT, 0);
        const char *folder = dirname(copy);
        for (int i = 0;; i++) {
            asprintf(&temp, "%s/%d+%d.part", folder, getpid(), i);
            out = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, fresh ? s.st_mode & 0777 : 0600);
            if (out >= 0)
                break;
            if (errno != EEXIST)
                no(D, errno, 0);
            free(temp);
        }
        leftover = temp;
        if (!fresh && fchmod(out, d.st_mode & 07777) < 0)
            no(D, errno, 0);
    } else if (fresh) {
        out = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, s.st_mode & 0777);
        if (out < 0)
            no(D, errno, 0);
        leftover = name;
    } else {
        out = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (out < 0 || fstat(out, &d) < 0)
            no(D, errno, 0);
        old = d.st_size;
    }

    int bad = 0;
    if (size)
        while ((bad = fallocate(out, FALLOC_FL_KEEP_SIZE, 0, size)) < 0 && errno == EINTR)
            ;
    if (bad < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        bad = 0;
    if (bad == 0)
        bad = ftruncate(out, size);
    if (bad < 0) {
        int e = errno;
        ftruncate(out, old); /* gives back what was reserved behind the end, too */
        no(D, e, 0);
    }

    printf("size: %lld\n", (long long)size);
    pid_t pid[CREW];
    int crew = size > STRIPE ? CREW : 1, wrong = 0;
    if (size == 0)
        crew = 0;
    for (int i = 0; i < crew; i++) {
        pid[i] = fork();
        if (pid[i] < 0) {
            wrong = 5;
            crew = i;
            break;
        }
        if (pid[i] == 0)
            _exit(work(i, crew, in, out, size));
    }
    for (int i = 0; i < crew; i++) {
        int status = 0;
        while (waitpid(pid[i], &status, 0) < 0 && errno == EINTR)
            ;
        if (status)
            wrong = WIFEXITED(status) ? WEXITSTATUS(status) : 3;
    }
    if (wrong)
        no(wrong == 4 ? D : S, 0, "the bytes could not be copied");
    if (fstat(in, &now) < 0 || now.st_size < size)
        no(S, 0, "shrank meanwhile");
    if (atomic && rename(leftover, name) < 0)
        no(D, errno, 0);
    leftover = NULL;
    printf("copied: %lld\n", (long long)size);
    return 0;
}
