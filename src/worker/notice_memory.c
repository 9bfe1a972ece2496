#include "worker/notice_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/own.h"

enum { THREAD = O_EXCL }; /* PIDFD_THREAD */

static ssize_t read_some(pid_t tid, uint64_t from, void *to, size_t size)
{
        struct iovec own = { to, size }, other = { (void *)(uintptr_t)from, size };
        ssize_t n = process_vm_readv(tid, &own, 1, &other, 1, 0);
        return n < 0 ? -errno : n;
}

int memory_read(pid_t tid, uint64_t from, void *to, size_t size)
{
        ssize_t n = read_some(tid, from, to, size);
        return n < 0 ? (int)n : (size_t)n == size ? 0 : -EFAULT;
}

/* A text may end right before memory that is not there: the call reads up to that only where it begins a page. */
int memory_read_path(pid_t tid, uint64_t from, char to[PATH_MAX])
{
        enum { PAGE = 4096 };
        for (size_t done = 0; done < PATH_MAX;) {
                size_t size = PAGE - (from + done) % PAGE;
                if (size > PATH_MAX - done)
                        size = PATH_MAX - done;
                ssize_t n = read_some(tid, from + done, to + done, size);
                if (n <= 0)
                        return n ? (int)n : -EFAULT;
                if (memchr(to + done, 0, (size_t)n))
                        return 0;
                done += (size_t)n;
        }
        return -ENAMETOOLONG;
}

/* Adds the parts of @path to the @len bytes that are there, which end without a slash. */
static int add_parts(char to[PATH_MAX], size_t *len, const char *path)
{
        while (*path) {
                size_t n = strcspn(path, "/");
                if (n == 2 && !memcmp(path, "..", 2)) {
                        while (*len && to[--*len] != '/')
                                continue;
                } else if (n && !(n == 1 && *path == '.')) {
                        if (*len + 1 + n >= PATH_MAX)
                                return -ENAMETOOLONG;
                        to[(*len)++] = '/';
                        memcpy(to + *len, path, n);
                        *len += n;
                }
                path += n;
                path += strspn(path, "/");
        }
        return 0;
}

int path_join(const char *folder, const char *path, char to[PATH_MAX])
{
        size_t len = 0;
        int r = *path == '/' ? 0 : add_parts(to, &len, folder);
        if (!r)
                r = add_parts(to, &len, path);
        if (r)
                return r;
        if (!len)
                to[len++] = '/';
        to[len] = 0;
        return 0;
}

int process_open(pid_t worker, pid_t tid)
{
        pid_t first = syscall(SYS_tgkill, worker, tid, 0) ? tid : worker;
        int process = (int)syscall(SYS_pidfd_open, first, 0);
        if (process < 0 && (errno == EINVAL || errno == ENOENT))
                process = (int)syscall(SYS_pidfd_open, first, THREAD);
        return process < 0 ? -errno : process;
}

/* By what number @proc knows it. */
static int number_in(int proc, int process)
{
        char name[40], text[512];
        snprintf(name, sizeof name, "self/fdinfo/%d", process);
        OWNED(fd_closep) int fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (n < 0)
                return -errno;
        text[n] = 0;
        const char *at = strstr(text, "\nPid:");
        int number = at ? atoi(at + 5) : 0;
        return number > 0 ? number : -ESRCH;
}

int path_of_folder(int proc, int process, int fd, char to[PATH_MAX])
{
        char link[48];
        int number = number_in(proc, process);
        if (number < 0)
                return number;
        if (fd == AT_FDCWD)
                snprintf(link, sizeof link, "%d/cwd", number);
        else
                snprintf(link, sizeof link, "%d/fd/%d", number, fd);
        ssize_t n = readlinkat(proc, link, to, PATH_MAX - 1);
        if (n < 0)
                return -errno;
        to[n] = 0;
        return 0;
}

bool path_is_in(const char *path, const char *folder)
{
        size_t n = strlen(folder);
        if (n == 1)
                return *path == '/';
        return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}
