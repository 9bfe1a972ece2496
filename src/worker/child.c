#include "worker/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ward/posture.h>
#include <sys/stat.h>
#include "base/own.h"
#include "worker/notice.h"
#include "worker/zygote.h"

enum { FILES_MAX = 4096 };

struct child *child_find(struct warden *warden, uint64_t id)
{
        for (struct list *at = warden->children.next; at != &warden->children; at = at->next) {
                struct child *child = CONTAINER_OF(at, struct child, link);
                if (child->id == id)
                        return child;
        }
        return NULL;
}

struct child *child_find_pid(struct warden *warden, pid_t pid)
{
        for (struct list *at = warden->children.next; at != &warden->children; at = at->next) {
                struct child *child = CONTAINER_OF(at, struct child, link);
                if (child->pid == pid)
                        return child;
        }
        return NULL;
}

static struct child *child_free(struct child *child)
{
        if (!child)
                return NULL;
        notices_finish(child);
        warden_unwatch(child->warden, &child->listener);
        for (size_t i = 0; i < child->n_files; i++) {
                free(child->files[i].path);
                fd_close(child->files[i].fd);
        }
        free(child->files);
        free(child);
        return NULL;
}

static void child_freep(struct child **child)
{
        child_free(*child);
}

static void refuse(struct warden *warden, uint64_t id, int error)
{
        const struct wire_head head = { .kind = WIRE_REFUSED, .status = error, .id = id };
        warden_tell(warden, &head, NULL, 0);
}

/* A group that cannot be cloned into is as good as none: what it was to keep, the watchdog looks after. */
static pid_t fork_limited(struct child *child, const struct zygote *zygote, const struct wire_spawn *spawn,
                          const struct sandbox_limits *limits, const struct request *request)
{
        static const struct cgroup_entry none = { .into = -1 };
        struct cgroup_entry entry;
        watchdog_group(child, limits, spawn->layers & WARD_LAYER_CGROUP, &entry);
        pid_t pid = zygote_fork(zygote, spawn, request->fds, request->n_fds, &entry);
        if (pid < 0)
                watchdog_drop(child);
        if (pid < 0 && pid != -EPIPE && entry.into >= 0)
                pid = zygote_fork(zygote, spawn, request->fds, request->n_fds, &none);
        cgroup_entry_close(&entry);
        return pid;
}

static int spawn(struct warden *warden, const struct request *request)
{
        struct wire_spawn spawn;
        struct sandbox_limits limits;
        OWNED(child_freep) struct child *child = calloc(1, sizeof *child);
        if (!child)
                return -ENOMEM;
        child->warden = warden;
        child->listener.fd = -1;
        notices_init(&child->notices);
        child->id = request->head.id;
        if (request->bytes < sizeof spawn + sizeof limits)
                return -EBADMSG;
        memcpy(&spawn, request->payload, sizeof spawn);
        notices_begin(&child->notices, &spawn);
        memcpy(&limits, request->payload + sizeof spawn, sizeof limits);
        if (spawn.zygote >= WIRE_ZYGOTES)
                return -EBADMSG;
        if (request->n_fds != (size_t)__builtin_popcount(spawn.descriptors))
                return -EMFILE; /* the warden has no room for all that came */
        child->pid = fork_limited(child, &warden->zygotes[spawn.zygote], &spawn, &limits, request);
        if (child->pid < 0)
                return child->pid;
        watchdog_begin(child);
        list_append(&warden->children, &child->link);
        child = NULL;
        return 0;
}

void child_spawn(struct warden *warden, struct request *request)
{
        int r = spawn(warden, request);
        if (r < 0)
                refuse(warden, request->head.id, -r);
        if (r == -EPIPE)
                warden->ending = true;
}

void child_ended(struct child *child, int status, const struct rusage *rusage)
{
        const struct wire_head head = { .kind = WIRE_EXITED, .status = status, .id = child->id };
        struct ward_usage usage;
        watchdog_end(child, rusage, &usage);
        notices_end(child);
        warden_tell(child->warden, &head, &usage, sizeof usage);
        list_remove(&child->link);
        child_free(child);
}

void child_kill(const struct child *child)
{
        kill(child->pid, SIGKILL);
}

static void on_notice(struct warden *warden, struct source *source)
{
        notice_serve(CONTAINER_OF(source, struct child, listener));
}

void child_listen(struct child *child, int listener)
{
        warden_unwatch(child->warden, &child->listener);
        child->listener = (struct source){ listener, on_notice };
        if (notices_listen(&child->notices, listener) < 0 || warden_watch(child->warden, &child->listener) < 0)
                child_kill(child);
}

/* The place of the file that is called so, which may be a new one; NULL: there is none left. */
static struct child_file *place_file(struct child *child, const char *path)
{
        for (size_t i = 0; i < child->n_files; i++)
                if (!strcmp(child->files[i].path, path))
                        return &child->files[i];
        if (child->n_files == FILES_MAX)
                return NULL;
        struct child_file *files = reallocarray(child->files, child->n_files + 1, sizeof *files);
        if (!files)
                return NULL;
        child->files = files;
        files[child->n_files] = (struct child_file){ .fd = -1 };
        return &files[child->n_files++];
}

/* What the host says last of a path counts. */
void child_add_file(struct child *child, struct request *request)
{
        struct child_file file = { strndup((const char *)request->payload, request->bytes), request->fds[0] };
        struct child_file *place = file.path ? place_file(child, file.path) : NULL;
        struct stat st = { 0 };
        if (!place) {
                free(file.path);
                return;
        }
        request->fds[0] = -1;
        if (file.fd < 0 && !lstat(file.path, &st)) {
                file.dev = st.st_dev;
                file.ino = st.st_ino;
        }
        free(place->path);
        fd_close(place->fd);
        *place = file;
}

void child_forget_files(struct child *child, const struct request *request)
{
        const char *prefix = (const char *)request->payload;
        size_t len = strnlen(prefix, request->bytes);
        for (size_t i = 0; i < child->n_files;) {
                struct child_file *file = &child->files[i];
                if (strncmp(file->path, prefix, len)) {
                        i++;
                        continue;
                }
                free(file->path);
                fd_close(file->fd);
                *file = child->files[--child->n_files];
        }
}
