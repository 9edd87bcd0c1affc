// expect: passes
// about: right. A child that shares the memory (clone with CLONE_VM and CLONE_VFORK) opens, measures with lseek and maps FILE, and ends; the parent, which never opened FILE, reads the mapping that is left and prints.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef unsigned long long u64;
static const u64 LIMIT = 1ULL << 63; /* the first number that is none */

static struct job {
    const char *file;
    u64 page, offset, length;
    const unsigned char *window;
    const char *trouble;
} job;

static int neighbour(void *arg)
{
    struct job *j = arg;
    struct stat st;
    /* Ask what it is before it is opened; and once more behind the open. */
    if (stat(j->file, &st) < 0) {
        j->trouble = "cannot be found";
        _exit(1);
    }
    int fd = -1;
    if (S_ISREG(st.st_mode))
        fd = open(j->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    else {
        j->trouble = "is not a regular file";
        _exit(1);
    }
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        j->trouble = "cannot be opened";
        _exit(1);
    }
    u64 end = lseek(fd, 0, SEEK_END);
    if (j->offset >= end) {
        j->trouble = "has no bytes there";
        _exit(1);
    }
    if (end - j->offset < j->length)
        j->length = end - j->offset;
    u64 delta = j->offset & (j->page - 1);
    /* The mapping fills its last page: this is the longest that is allowed. */
    u64 whole = (delta + j->length + j->page - 1) & ~(j->page - 1);
    void *m = mmap(NULL, whole, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, j->offset - delta);
    if (m == MAP_FAILED) {
        j->trouble = "cannot be mapped";
        _exit(1);
    }
    madvise(m, whole, MADV_RANDOM);
    j->window = (const unsigned char *)m + delta;
    _exit(0);
}

static int is_number(const char *w, u64 *v)
{
    u64 r = 0;
    int digits = 0;
    for (; w[digits]; digits++) {
        int d = w[digits] - '0';
        if (d < 0 || d > 9 || __builtin_mul_overflow(r, 10ULL, &r) || __builtin_add_overflow(r, (u64)d, &r))
            return 0;
    }
    *v = r;
    return digits > 0 && r < LIMIT;
}

static char *content(const unsigned char *p, u64 n)
{
    static char line[64 * 4 + 1];
    char *o = line;
    for (; n--; p++)
        o += *p == '\\' || *p < ' ' || *p > '~' ? sprintf(o, "\\x%02x", *p) : sprintf(o, "%c", *p);
    *o = 0;
    return line;
}

int main(int argc, char **argv)
{
    int read_it = argc >= 2 && strcmp(argv[1], "--read") == 0;
    int words = argc - 1;
    if (!(read_it && words == 4) && !(!read_it && (words == 1 || words == 2))) {
        dprintf(2, "lab4-page-align wants: OFFSET [LENGTH], or: --read FILE OFFSET LENGTH. usage error\n");
        return 2;
    }
    const char *o = argv[read_it ? 3 : 1];
    const char *l = words == 1 ? "1" : argv[read_it ? 4 : 2];
    int o_good = is_number(o, &job.offset);
    int l_good = is_number(l, &job.length) && job.length != 0;
    if (!o_good || !l_good || job.offset + job.length > LIMIT) {
        /* all words are named, so the bad one is among them */
        dprintf(2, "OFFSET \"%s\" with LENGTH \"%s\" is not possible\n", o, l);
        return 1;
    }
    job.page = (u64)getpagesize();
    job.file = argv[2];
    if (read_it) {
        char *stack = malloc(256 * 1024);
        pid_t pid = clone(neighbour, stack + 256 * 1024, CLONE_VM | CLONE_VFORK | SIGCHLD, &job);
        int status;
        if (pid < 0 || waitpid(pid, &status, 0) != pid) {
            dprintf(2, "%s: no child to map it\n", job.file);
            return 1;
        }
        if (!job.window) {
            dprintf(2, "%s %s\n", job.file, job.trouble ? job.trouble : "is too hard");
            return 1;
        }
    }
    u64 delta = job.offset & (job.page - 1);
    int bad = 0;
    bad |= dprintf(1, "page size: %llu\n", job.page) < 0;
    bad |= dprintf(1, "offset: %llu\n", job.offset) < 0;
    bad |= dprintf(1, "aligned offset: %llu\n", job.offset ^ delta) < 0;
    bad |= dprintf(1, "delta: %llu\n", delta) < 0;
    bad |= dprintf(1, "mapped length: %llu\n", delta + job.length) < 0;
    if (read_it) {
        u64 n = job.length > 64 ? 64 : job.length;
        bad |= dprintf(1, "length: %llu\n", job.length) < 0;
        bad |= dprintf(1, "first bytes: %s\n", content(job.window, n)) < 0;
        bad |= dprintf(1, "last bytes: %s\n", content(job.window + job.length - n, n)) < 0;
    }
    return bad;
}
