/* A worker, as its warden sees it. */
#ifndef WORKER_CHILD_H
#define WORKER_CHILD_H

#include "worker/notice.h"
#include "worker/warden.h"
#include "worker/watchdog.h"

/* What the worker may open by this name, to read. With a slash at its end it is that of a folder: the libraries in it. */
struct child_file {
        char *path;
        int fd;    /* -1: what was at the path when the host named it: */
        dev_t dev; /* this */
        ino_t ino;
};

struct child {
        struct list link;
        pid_t pid;   /* reaped by the warden only, so it is this worker until then */
        uint64_t id; /* the host's name for it */
        struct warden *warden;
        struct source listener; /* notifications of its filter, */
        struct notices notices; /* and what becomes of them */
        struct watched watched;
        struct child_file *files;
        size_t n_files;
};

/* Takes the request's descriptors. Tells the host if it fails. */
void child_spawn(struct warden *warden, struct request *request);
struct child *child_find(struct warden *warden, uint64_t id);
struct child *child_find_pid(struct warden *warden, pid_t pid);
/* It was reaped: tells the host and frees it. */
void child_ended(struct child *child, int status, const struct rusage *rusage);
void child_kill(const struct child *child);
/* Its listener, which is taken. */
void child_listen(struct child *child, int listener);
/* Answer WIRE_FILE and WIRE_FORGET. */
void child_add_file(struct child *child, struct request *request);
void child_forget_files(struct child *child, const struct request *request);

#endif
