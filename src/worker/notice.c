#include "worker/notice.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "worker/notice_guard.h"
#include "worker/notice_judge.h"
#include "worker/notice_parts.h"

enum {
        GRANTS_MAX = 4096,
        REFUSED_NS = 400000, /* that a worker pays for a refused call, */
        SERVED_NS = 20000,   /* and any other */
};

/* Later than the oldest headers that Ward is built with: SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP. */
#define SET_FLAGS    _IOW('!', 4, uint64_t)
#define SYNC_WAKE_UP ((uint64_t)1)

/* --- Of a child ------------------------------------------------------------------------------- */

void notices_init(struct notices *notices)
{
        *notices = (struct notices){ .clock.fd = -1 };
        list_init(&notices->connections);
}

void notices_begin(struct notices *notices, const struct wire_spawn *spawn)
{
        notices->level = (enum filter_kind)spawn->filter;
        notices->may_spawn = spawn->may_spawn;
}

void notices_finish(struct child *child)
{
        struct notices *notices = &child->notices;
        connections_end(child);
        if (notices->guarded)
                guard_remove();
        warden_unwatch(child->warden, &notices->clock);
        for (size_t i = 0; i < notices->n_grants; i++)
                free((void *)(uintptr_t)notices->grants[i].path);
        free(notices->grants);
        free(notices->addresses);
        locals_finish(&notices->locals);
        acts_finish(&notices->acts);
}

/* Since Linux 6.6: worker and warden wait for each other in turn, so that one processor does for both. */
int notices_listen(struct notices *notices, int listener)
{
        ioctl(listener, SET_FLAGS, SYNC_WAKE_UP);
        if (notices->level != FILTER_OBSERVE || notices->guarded)
                return 0;
        int r = guard_add();
        notices->guarded = !r;
        return r;
}

/* What is lost for want of memory is not granted. */
void notices_grant(struct child *child, const struct request *request)
{
        struct notices *notices = &child->notices;
        if (notices->n_grants == GRANTS_MAX)
                return;
        struct sandbox_grant *grants = reallocarray(notices->grants, notices->n_grants + 1, sizeof *grants);
        char *path = strndup((const char *)request->payload, request->bytes);
        if (grants)
                notices->grants = grants;
        if (grants && path)
                grants[notices->n_grants++] = (struct sandbox_grant){ STEAL(path), (unsigned)request->head.status };
        free(path);
}

void notices_address(struct child *child, const struct request *request)
{
        struct notices *notices = &child->notices;
        if (request->bytes > sizeof notices->addresses->at || notices->n_addresses == GRANTS_MAX)
                return;
        struct sandbox_address *addresses = reallocarray(notices->addresses, notices->n_addresses + 1, sizeof *addresses);
        if (!addresses)
                return;
        notices->addresses = addresses;
        struct sandbox_address *address = &addresses[notices->n_addresses++];
        *address = (struct sandbox_address){ .len = (socklen_t)request->bytes };
        memcpy(&address->at, request->payload, request->bytes);
        if (address->at.ss_family == AF_UNIX)
                locals_add(&notices->locals, ((const struct sockaddr_un *)(const void *)&address->at)->sun_path);
}

/* --- Answers ---------------------------------------------------------------------------------- */

/* A worker that has gone meanwhile needs none. */
void notice_answer(const struct child *child, uint64_t id, int error)
{
        struct seccomp_notif_resp response = { .id = id, .error = -error };
        ioctl(child->listener.fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void go_on(const struct child *child, uint64_t id)
{
        struct seccomp_notif_resp response = { .id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
        ioctl(child->listener.fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void refuse(struct child *child, uint64_t id, const struct call *call, int error)
{
        char subject[CALL_TEXT_MAX];
        notice_answer(child, id, error);
        call_print(call, subject);
        acts_refused(&child->notices.acts, call->number, error, subject);
        allowance_charge(&child->notices.served_until, clock_now(), REFUSED_NS);
}

/* --- Files of add-ins ------------------------------------------------------------------------- */

/* Puts @fd into the worker, as what its call results in. */
static void give(const struct child *child, uint64_t id, int fd)
{
        const struct seccomp_notif_addfd add = {
                .id = id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (uint32_t)fd, .newfd_flags = O_CLOEXEC
        };
        if (ioctl(child->listener.fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 && errno != ENOENT)
                notice_answer(child, id, EMFILE);
}

/* A name with a slash at its end stands for the libraries in that folder. */
static bool is_folder(const struct child_file *file)
{
        size_t len = strlen(file->path);
        return len && file->path[len - 1] == '/';
}

static bool is_for(const struct child_file *file, const char *path)
{
        size_t len = strlen(file->path);
        if (!is_folder(file))
                return !strcmp(file->path, path);
        return !strncmp(file->path, path, len) && !strchr(path + len, '/') && strstr(path + len, ".so");
}

/* The host says which files before it has them loaded. */
static const struct child_file *find_file(struct child *child, const char *path)
{
        warden_serve_host(child->warden);
        for (size_t i = 0; i < child->n_files; i++)
                if (is_for(&child->files[i], path))
                        return &child->files[i];
        return NULL;
}

/* What the host has named, not what somebody who may write its folder, perhaps the worker itself, has put in its place. */
static int open_named(const struct child_file *file, int flags)
{
        struct stat st;
        OWNED(fd_closep) int fd = open(file->path, flags | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -1;
        if (st.st_dev == file->dev && st.st_ino == file->ino)
                return STEAL_FD(fd);
        errno = EACCES;
        return -1;
}

/* A link in it leads nowhere else. */
static int open_in(const struct child_file *folder, const char *name)
{
        const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_BENEATH };
        struct stat st;
        OWNED(fd_closep) int at = open_named(folder, O_PATH | O_DIRECTORY);
        OWNED(fd_closep) int fd = at < 0 ? -1 : (int)syscall(SYS_openat2, at, name, &how, sizeof how);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -1;
        if (S_ISREG(st.st_mode))
                return STEAL_FD(fd);
        errno = EACCES;
        return -1;
}

/* Opened anew each time: who reads it begins at its beginning. */
static int open_file(const struct child *child, const struct child_file *file, const char *path)
{
        char name[32];
        if (file->fd < 0 && is_folder(file))
                return open_in(file, path + strlen(file->path));
        if (file->fd < 0)
                return open_named(file, O_RDONLY | O_NONBLOCK);
        snprintf(name, sizeof name, "self/fd/%d", file->fd);
        int fd = openat(child->warden->proc, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        return fd < 0 ? fcntl(file->fd, F_DUPFD_CLOEXEC, 0) : fd;
}

/* Whether it was one. */
static bool serve_file(struct child *child, uint64_t id, const struct call *call)
{
        if (call->kind != CALL_OPEN || call->access != SANDBOX_READ || child->notices.level == FILTER_OBSERVE)
                return false;
        const struct child_file *file = find_file(child, call->path);
        if (!file)
                return false;
        OWNED(fd_closep) int fd = open_file(child, file, call->path);
        if (fd >= 0)
                give(child, id, fd);
        else
                notice_answer(child, id, errno);
        return true;
}

/* --- Calls ------------------------------------------------------------------------------------ */

static enum verdict judge_call(const struct child *child, const struct call *call)
{
        const struct notices *notices = &child->notices;
        const struct grants grants = { .grants = notices->grants,
                                       .n = notices->n_grants,
                                       .addresses = notices->addresses,
                                       .n_addresses = notices->n_addresses,
                                       .spawn = notices->may_spawn };
        const struct judge by = { notices->level, &grants, child->warden->namespaced ? 1 : child->pid };
        return judge(&by, call);
}

static void serve_call(struct child *child, const struct seccomp_notif *notice, struct call *call)
{
        allowance_charge(&child->notices.served_until, clock_now(), SERVED_NS);
        if (serve_file(child, notice->id, call))
                return;
        switch (judge_call(child, call)) {
        case VERDICT_GO_ON:
                if (child->notices.level == FILTER_OBSERVE)
                        use_add(&child->notices.acts, call);
                go_on(child, notice->id);
                break;
        case VERDICT_CONNECT:
                connection_serve(child, notice, call);
                break;
        case VERDICT_REFUSE:
                refuse(child, notice->id, call, call->error);
                break;
        }
}

/* What was read is of the thread that waits, if it waits still: else its number may be another's by now. */
static bool is_waiting(const struct child *child, uint64_t id)
{
        return !ioctl(child->listener.fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

static void serve(struct child *child, const struct seccomp_notif *notice)
{
        static struct call call; /* large, and one at a time */
        guard_begin(child->pid);
        int r = call_decode(child->warden->proc, child->pid, notice, &call);
        guard_end();
        if (!is_waiting(child, notice->id))
                return;
        /* The kernel finds for itself what is wrong with it. */
        if (r && child->notices.level == FILTER_OBSERVE)
                go_on(child, notice->id);
        else if (r)
                refuse(child, notice->id, &call, -r);
        else
                serve_call(child, notice, &call);
}

/* Older kernels wait for a notification where there is none, for ever if nobody is left who could make one. */
static bool has_notice(struct child *child)
{
        struct pollfd polled = { .fd = child->listener.fd, .events = POLLIN };
        if (poll(&polled, 1, 0) == 1 && polled.revents & POLLIN)
                return true;
        if (polled.revents)
                warden_unwatch(child->warden, &child->listener);
        return false;
}

void notice_serve(struct child *child)
{
        struct seccomp_notif notice = { 0 };
        if (!has_notice(child))
                return;
        if (ioctl(child->listener.fd, SECCOMP_IOCTL_NOTIF_RECV, &notice) < 0) {
                if (errno != EINTR && errno != ENOENT)
                        warden_unwatch(child->warden, &child->listener);
                return;
        }
        serve(child, &notice);
        notices_tell(child);
        notices_look_again(child);
}
