/* The add-in of test_acts.c: each deed gives what its system call gave. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "deeds.h"

static int result(long r)
{
        return r < 0 ? -errno : (int)r;
}

static int closed(int fd)
{
        int r = result(fd);
        if (fd >= 0)
                close(fd);
        return r < 0 ? r : 0;
}

/* --- Files ------------------------------------------------------------------------------------ */

static int read_file(const char *path, int n)
{
        return closed(open(path, O_RDONLY));
}

static int write_file(const char *path, int n)
{
        return closed(open(path, O_WRONLY | O_CREAT, 0600));
}

static int look(const char *path, int n)
{
        struct stat st;
        return result(stat(path, &st));
}

static int remove_file(const char *path, int n)
{
        return result(unlink(path));
}

static int change_mode(const char *path, int n)
{
        return result(chmod(path, 0640));
}

static int list(const char *path, int n)
{
        return closed(open(path, O_RDONLY | O_DIRECTORY));
}

/* Relative to a descriptor. */
static int read_beside(const char *path, int n)
{
        int folder = open(path, O_PATH | O_DIRECTORY);
        int fd = openat(folder, "../beside", O_RDONLY);
        int r = closed(fd);
        close(folder);
        return r;
}

static int many_reads(const char *path, int n)
{
        int r = 0;
        for (int i = 0; i < n; i++)
                r = read_file(path, 0);
        return r;
}

static int read_each(const char *path, int n)
{
        char name[300];
        for (int i = 0; i < n; i++) {
                snprintf(name, sizeof name, "%s%d", path, i);
                read_file(name, 0);
        }
        return n;
}

/* How often a path that another thread keeps changing led to what is not granted: @path is, and as long as /etc/shadow at least. */
static char changing[256];
static _Atomic bool done;

static void *change(void *data)
{
        const char *granted = data;
        while (!atomic_load(&done)) {
                memcpy(changing, "/etc/passwd", 12);
                memcpy(changing, granted, strlen(granted) + 1);
        }
        return NULL;
}

static int race(const char *path, int n)
{
        pthread_t thread;
        struct stat granted, st;
        int wrong = 0, fd = open(path, O_RDONLY);
        if (fd < 0 || fstat(fd, &granted) < 0)
                return -errno;
        close(fd);
        memcpy(changing, path, strlen(path) + 1);
        atomic_store(&done, false);
        if (pthread_create(&thread, NULL, change, (void *)(uintptr_t)path))
                return -EAGAIN;
        for (int i = 0; i < n; i++) {
                fd = open(changing, O_RDONLY);
                if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_ino != granted.st_ino || st.st_dev != granted.st_dev))
                        wrong++;
                if (fd >= 0)
                        close(fd);
        }
        atomic_store(&done, true);
        pthread_join(thread, NULL);
        return wrong;
}

/* --- Processes -------------------------------------------------------------------------------- */

static int make_process(const char *path, int n)
{
        int status;
        pid_t pid = fork();
        if (!pid)
                _exit(7);
        return pid < 0 ? -errno : waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

static int execute(const char *path, int n)
{
        char *const arguments[] = { (char *)(uintptr_t)path, NULL };
        int status;
        pid_t pid = n ? fork() : 0;
        if (!pid) {
                execve(path, arguments, NULL);
                if (!n)
                        return -errno;
                _exit(errno);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
                return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int trace(const char *path, int n)
{
        return result(ptrace(PTRACE_ATTACH, n, NULL, NULL));
}

static int mount_here(const char *path, int n)
{
        return result(mount("none", path, "tmpfs", 0, NULL));
}

static int any_call(const char *path, int n)
{
        return result(syscall(n, 0, 0, 0, 0, 0, 0));
}

static int show_itself(const char *path, int n)
{
        return result(prctl(PR_SET_DUMPABLE, 1));
}

/* --- Connections ------------------------------------------------------------------------------ */

static int talk(int fd)
{
        char byte = 0;
        if (write(fd, "?", 1) != 1 || read(fd, &byte, 1) != 1)
                return -errno;
        return byte == '!' ? 0 : -EBADMSG;
}

/* To 127.0.0.1, or to @path if that is one. */
static int dial(const char *path, int n)
{
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)n), .sin_addr = { htonl(INADDR_LOOPBACK) } };
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0)
                return -errno;
        int r = connect(fd, (const struct sockaddr *)&to, sizeof to) < 0 ? -errno : talk(fd);
        close(fd);
        return r;
}

static int dial_path(const char *path, int n)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0)
                return -errno;
        snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
        int r = connect(fd, (const struct sockaddr *)&to, sizeof to) < 0 ? -errno : talk(fd);
        close(fd);
        return r;
}

/* By a name that was granted. */
static int dial_name(const char *path, int n)
{
        const struct addrinfo want = { .ai_socktype = SOCK_STREAM };
        struct addrinfo *found;
        char port[8];
        snprintf(port, sizeof port, "%d", n);
        if (getaddrinfo(path, port, &want, &found))
                return -EHOSTUNREACH;
        int r = -EHOSTUNREACH;
        for (const struct addrinfo *one = found; one && r; one = one->ai_next) {
                int fd = socket(one->ai_family, one->ai_socktype, 0);
                r = fd < 0 || connect(fd, one->ai_addr, one->ai_addrlen) < 0 ? -errno : talk(fd);
                close(fd);
        }
        freeaddrinfo(found);
        return r;
}

static void *dial_thread(void *data)
{
        return (void *)(intptr_t)dial(NULL, (int)(intptr_t)data);
}

enum { THREADS = 8 };

static int dial_often(const char *path, int n)
{
        pthread_t threads[THREADS];
        int bad = 0;
        for (int i = 0; i < THREADS; i++)
                if (pthread_create(&threads[i], NULL, dial_thread, (void *)(intptr_t)n))
                        return -EAGAIN;
        for (int i = 0; i < THREADS; i++) {
                void *got;
                pthread_join(threads[i], &got);
                bad += got != NULL;
        }
        return bad;
}

static int datagrams(const char *path, int n)
{
        return closed(socket(AF_INET, SOCK_DGRAM, 0));
}

/* --- Time ------------------------------------------------------------------------------------- */

static int64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Nanoseconds that one takes. */
static int time_reads(const char *path, int n)
{
        int64_t before = now();
        many_reads(path, n);
        return (int)((now() - before) / n);
}

static int time_calls(const char *path, int n)
{
        int64_t before = now();
        for (int i = 0; i < n; i++)
                syscall(SYS_getppid);
        return (int)((now() - before) / n);
}

/* Opens a path in memory that nobody ever fills. */
static int stall(const char *path, int n)
{
        struct uffdio_api api = { .api = UFFD_API };
        struct uffdio_register missing = { .range.len = 4096, .mode = UFFDIO_REGISTER_MODE_MISSING };
        int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
        void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        missing.range.start = (uintptr_t)page;
        if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &missing))
                return -errno;
        return closed(open(page, O_RDONLY));
}

static const struct {
        const char *what;
        int (*of)(const char *path, int n);
} deeds[] = {
        { "read", read_file },
        { "write", write_file },
        { "look", look },
        { "remove", remove_file },
        { "list", list },
        { "reads-each", read_each },
        { "mode", change_mode },
        { "beside", read_beside },
        { "reads", many_reads },
        { "race", race },
        { "fork", make_process },
        { "execute", execute },
        { "trace", trace },
        { "mount", mount_here },
        { "call", any_call },
        { "show", show_itself },
        { "dial", dial },
        { "dial-path", dial_path },
        { "dial-name", dial_name },
        { "dial-often", dial_often },
        { "datagrams", datagrams },
        { "time-reads", time_reads },
        { "time-calls", time_calls },
        { "stall", stall },
};

int32_t exports_deeds_deed(deeds_string_t *what, deeds_string_t *path, int32_t n)
{
        char name[32], at[256];
        int r = -ENOSYS;
        snprintf(name, sizeof name, "%.*s", (int)what->len, (const char *)what->ptr);
        snprintf(at, sizeof at, "%.*s", (int)path->len, (const char *)path->ptr);
        deeds_string_free(what);
        deeds_string_free(path);
        for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
                if (!strcmp(deeds[i].what, name))
                        r = deeds[i].of(at, n);
        return r;
}
