// expect: passes core
// stretch: fails 8, 10, 11, 14
// about: A forked child does the memcpy between the mappings that it inherited, the parent waits for it and prints: the contract forbids system calls that move bytes, not children that store.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct stat s, d;
    const char *who = argc > 1 ? argv[1] : "";
    char *a = 0, *b = 0;
    int status;

    setvbuf(stdout, 0, _IONBF, 0);
    if (argc != 3)
        return dprintf(2, "usage: %s SOURCE DESTINATION\n", argv[0]), 2;
    int in = open(argv[1], O_RDONLY | O_NONBLOCK);
    if (in < 0 || fstat(in, &s) < 0)
        goto bad;
    errno = EINVAL;
    if (!S_ISREG(s.st_mode))
        goto bad;
    who = argv[2];
    int out = open(who, O_RDWR | O_CREAT | O_NONBLOCK, s.st_mode & 0777);
    if (out < 0 || fstat(out, &d) < 0)
        goto bad;
    errno = EINVAL;
    if (!S_ISREG(d.st_mode) || (d.st_dev == s.st_dev && d.st_ino == s.st_ino))
        goto bad;
    if (ftruncate(out, s.st_size) < 0)
        goto bad;
    if (s.st_size > 0) {
        a = mmap(0, s.st_size, PROT_READ, MAP_SHARED, in, 0);
        b = mmap(0, s.st_size, PROT_WRITE, MAP_SHARED, out, 0);
        if (a == MAP_FAILED || b == MAP_FAILED)
            goto bad;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            memcpy(b, a, s.st_size);
            _exit(fstat(in, &d) < 0 || d.st_size != s.st_size);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0)
            goto bad;
        errno = EIO;
        if (status != 0)
            goto bad;
    }
    printf("size: %jd\n", (long)s.st_size);
    printf("copied: %jd\n", (long)s.st_size);
    return 0;
bad:
    dprintf(2, "%s: %s\n", who, strerror(errno));
    return 1;
}
