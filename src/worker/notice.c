#include "worker/notice.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/own.h"

enum { PATH_SIZE = 4096, PAGE = 4096 };

/* Text at @address of the thread's; false where it is none, or too long. It may change meanwhile: this is a copy. */
static bool read_text(pid_t thread, uint64_t address, char ret_text[PATH_SIZE])
{
        for (size_t have = 0; have < PATH_SIZE;) {
                size_t part = PAGE - (address + have) % PAGE;
                if (part > PATH_SIZE - have)
                        part = PATH_SIZE - have;
                struct iovec here = { ret_text + have, part }, there = { (void *)(uintptr_t)(address + have), part };
                ssize_t n = process_vm_readv(thread, &here, 1, &there, 1, 0);
                if (n <= 0)
                        return false;
                if (memchr(ret_text + have, 0, (size_t)n))
                        return true;
                have += (size_t)n;
        }
        return false;
}

static void answer(const struct child *child, uint64_t id, int error)
{
        struct seccomp_notif_resp response = { .id = id, .error = -error };
        ioctl(child->listener.fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Puts @fd into the worker, as what its call results in. */
static void give(const struct child *child, uint64_t id, int fd)
{
        const struct seccomp_notif_addfd add = {
                .id = id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (uint32_t)fd, .newfd_flags = O_CLOEXEC
        };
        if (ioctl(child->listener.fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 && errno != ENOENT)
                answer(child, id, EMFILE);
}

/* The host says which files before it has them loaded. */
static const struct child_file *find_file(struct child *child, const char *path)
{
        warden_serve_host(child->warden);
        for (size_t i = 0; i < child->n_files; i++)
                if (!strcmp(child->files[i].path, path))
                        return &child->files[i];
        return NULL;
}

static void serve_open(struct child *child, const struct seccomp_notif *notice)
{
        char path[PATH_SIZE];
        bool reads = (notice->data.args[2] & O_ACCMODE) == O_RDONLY;
        if (!read_text((pid_t)notice->pid, notice->data.args[1], path)) {
                answer(child, notice->id, EFAULT);
                return;
        }
        const struct child_file *file = reads ? find_file(child, path) : NULL;
        OWNED(fd_closep) int opened = file && file->fd < 0 ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
        if (file && (opened >= 0 || file->fd >= 0))
                give(child, notice->id, opened >= 0 ? opened : file->fd);
        else
                answer(child, notice->id, file ? errno : EACCES);
}

void notice_serve(struct child *child)
{
        struct seccomp_notif notice = { 0 };
        if (ioctl(child->listener.fd, SECCOMP_IOCTL_NOTIF_RECV, &notice) < 0) {
                if (errno != EINTR && errno != ENOENT)
                        warden_unwatch(child->warden, &child->listener);
                return;
        }
        if (notice.data.nr == SYS_openat)
                serve_open(child, &notice);
        else
                answer(child, notice.id, EPERM);
}
