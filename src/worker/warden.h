/* The warden: the process that supervises workers. It forks none itself, but has its zygotes do so (zygote.h), and they become its
 * children. One loop in one thread, and while it observes a worker another that sees to it that it does not wait for that
 * (notice_guard.h); nothing else that it waits for is in an add-in's hands.
 *
 * warden.c   the loop, the host's requests, what the host is told
 * zygote.c   processes to fork workers from
 * child.c    the workers
 * watchdog.c their limits
 * notice.c   what confined workers ask of it by way of their filters */
#ifndef WORKER_WARDEN_H
#define WORKER_WARDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/list.h"
#include "channel/message.h"
#include "worker/watchdog.h"

struct warden;

/* A descriptor that the loop waits on. @ready is called while it is readable or hung up. */
struct source {
        int fd; /* -1: none */
        void (*ready)(struct warden *warden, struct source *source);
};

/* A process that forks workers. */
struct zygote {
        pid_t pid;
        int socket;
};

struct warden {
        int epoll;
        struct source host;   /* its pidfd */
        struct source socket; /* to the host */
        struct source signals;
        struct source timer; /* the watchdog's */
        struct source line;  /* workers' listeners */
        int line_in;         /* its other end, for zygotes */
        int proc;
        bool namespaced; /* process 1 of a PID namespace; each worker gets one too */
        bool ending;
        struct zygote zygotes[WIRE_ZYGOTES];
        struct watchdog watchdog;
        struct list children; /* of child.link */
        struct list untold;   /* of what the host is to be told */
        bool host_is_slow;    /* and the loop waits until it reads */
};

/* A request of the host's. */
struct request {
        struct wire_head head;
        size_t bytes;
        uint8_t payload[WIRE_PAYLOAD];
        int fds[WIRE_FDS]; /* owned; -1 where there is none */
        size_t n_fds;
};

/* warden.c */
/* 0, or a negative errno. */
int warden_watch(struct warden *warden, struct source *source);
/* Closes it, too. */
void warden_unwatch(struct warden *warden, struct source *source);
/* Tells the host, now or later; without memory, never. */
void warden_tell(struct warden *warden, const struct wire_head *head, const void *payload, size_t bytes);
/* Serves the host's requests that have come. */
void warden_serve_host(struct warden *warden);

#endif
