/* A layer between a process and its file system, preloaded (LD_PRELOAD), that counts what changes
 * the files below one folder, and kills, tears, fails or records such calls. A process arms it by
 * faults_arm(); until then, and for all other files, it only passes calls on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum fault { COUNT, KILL, FAIL, RECORD };

static struct {
    char folder[PATH_MAX]; /* empty: not armed */
    enum fault fault;
    long nth;     /* the call at which it happens, from 1 */
    int half;     /* half of a write, or another call wholly, is done before */
    int error;    /* what FAIL returns */
    int lasting;  /* whether all calls after that one fail, too */
    FILE *log;    /* where RECORD writes */
    long calls;   /* how many there were */
} plan;

void faults_arm(const char *folder, int fault, long nth, int half, int error, int lasting,
                const char *log)
{
    plan.fault = (enum fault)fault;
    plan.nth = nth;
    plan.half = half;
    plan.error = error;
    plan.lasting = lasting;
    plan.calls = 0;
    plan.log = fault == RECORD ? fopen(log, "w") : NULL;
    snprintf(plan.folder, sizeof plan.folder, "%s", folder); /* last: fopen passes by here */
}

/* Returns the number of calls since the layer was armed. */
long faults_disarm(void)
{
    plan.folder[0] = 0;
    if (plan.log)
        fclose(plan.log);
    plan.log = NULL;
    return plan.calls;
}

/* Note in the record that the process has acknowledged something. */
void faults_mark(void)
{
    if (plan.log)
        fprintf(plan.log, "acknowledge\n");
}

/* --- Which calls count, and what becomes of each */

enum verdict { PASS, HALF, REFUSE };

static int below(const char *path)
{
    size_t length = strlen(plan.folder);
    return length && !strncmp(path, plan.folder, length) && (!path[length] || path[length] == '/');
}

static const char *name_of(int fd)
{
    static char path[PATH_MAX];
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    return path;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

static enum verdict judge(const char *path)
{
    if (!below(path))
        return PASS;
    long call = ++plan.calls;
    if (plan.fault == KILL && call == plan.nth) {
        if (!plan.half)
            die();
        return HALF;
    }
    if (plan.fault == FAIL && call == plan.nth && plan.half) {
        plan.nth++; /* half of it now; the rest, which the caller tries next, fails */
        plan.half = 0;
        return HALF;
    }
    if (plan.fault == FAIL && (call == plan.nth || (plan.lasting && call > plan.nth))) {
        errno = plan.error;
        return REFUSE;
    }
    return PASS;
}

static int records(const char *path)
{
    return plan.log && below(path);
}

static void record_write(const char *path, const void *data, ssize_t size, off_t offset)
{
    fprintf(plan.log, "write\t%s\t%lld\t", path, (long long)offset);
    for (ssize_t i = 0; i < size; i++)
        fprintf(plan.log, "%02x", ((const unsigned char *)data)[i]);
    fputc('\n', plan.log);
}

#define BELOW(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define AFTER(verdict)                                                                             \
    if ((verdict) == HALF && plan.fault == KILL)                                                   \
    die()

/* A call without a half: when it is to be torn, the process dies after it. */
#define WHOLE(path, call, ...)                                                                     \
    enum verdict verdict = judge(path);                                                            \
    if (verdict == REFUSE)                                                                         \
        return -1;                                                                                 \
    int logged = records(path);                                                                    \
    int result = (call);                                                                           \
    AFTER(verdict);                                                                                \
    if (logged && result >= 0)                                                                     \
        fprintf(plan.log, __VA_ARGS__);                                                            \
    return result

/* --- The calls */

static ssize_t written(const char *path, const void *data, ssize_t size, off_t offset,
                       enum verdict verdict)
{
    AFTER(verdict);
    if (size > 0 && records(path))
        record_write(path, data, size, offset);
    return size;
}

#define POSITIONED(name, offset_type)                                                              \
    ssize_t name(int fd, const void *data, size_t size, offset_type offset)                        \
    {                                                                                              \
        const char *path = name_of(fd);                                                            \
        enum verdict verdict = judge(path);                                                        \
        if (verdict == REFUSE)                                                                     \
            return -1;                                                                             \
        if (verdict == HALF)                                                                       \
            size = (size + 1) / 2;                                                                 \
        return written(path, data, BELOW(name)(fd, data, size, offset), offset, verdict);          \
    }

POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size)
{
    if (!plan.folder[0])
        return BELOW(write)(fd, data, size);
    const char *path = name_of(fd);
    enum verdict verdict = judge(path);
    if (verdict == REFUSE)
        return -1;
    if (verdict == HALF)
        size = (size + 1) / 2;
    off_t offset = records(path) ? lseek(fd, 0, SEEK_CUR) : 0;
    return written(path, data, BELOW(write)(fd, data, size), offset, verdict);
}

int fsync(int fd)
{
    const char *path = name_of(fd);
    WHOLE(path, BELOW(fsync)(fd), "sync\t%s\n", path);
}

int fdatasync(int fd)
{
    const char *path = name_of(fd);
    WHOLE(path, BELOW(fdatasync)(fd), "sync\t%s\n", path);
}

int ftruncate(int fd, off_t size)
{
    const char *path = name_of(fd);
    WHOLE(path, BELOW(ftruncate)(fd, size), "truncate\t%s\t%lld\n", path, (long long)size);
}

int ftruncate64(int fd, off64_t size)
{
    const char *path = name_of(fd);
    WHOLE(path, BELOW(ftruncate64)(fd, size), "truncate\t%s\t%lld\n", path, (long long)size);
}

int unlink(const char *path)
{
    WHOLE(path, BELOW(unlink)(path), "unlink\t%s\n", path);
}

int rename(const char *from, const char *to)
{
    WHOLE(from, BELOW(rename)(from, to), "rename\t%s\t%s\n", from, to);
}

/* An open counts where it makes a file. */
#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0;                                \
        va_end(rest);                                                                              \
        if (!(flags & O_CREAT) || !below(path) || !access(path, F_OK))                             \
            return BELOW(name)(path, flags, mode);                                                 \
        WHOLE(path, BELOW(name)(path, flags, mode), "create\t%s\n", path);                         \
    }

OPEN(open)
OPEN(open64)
