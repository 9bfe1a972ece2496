/* What the files of the host's side of the warden share: warden.c starts it, hears it and ends it; warden_requests.c asks it. */
#ifndef DOMAIN_WARDEN_PARTS_H
#define DOMAIN_WARDEN_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "domain/domain.h"
#include "domain/warden.h"

enum { WARDEN_NOTICE_MS = 200 }; /* that the monitor's thread may take to notice its end, or a worker's */

/* An answer to a question that is still asked. */
struct warden_ask {
        uint32_t question;
        void *ret;
        size_t size;
        ssize_t answered; /* bytes; -1: not yet */
};

struct warden {
        _Atomic uint32_t references;
        int socket;
        int pidfd;
        struct monitor *monitor;
        struct monitor_watch events; /* on @socket */
        struct monitor_watch death;  /* on @pidfd: a child that the host forked may hold the socket's other end */
        _Atomic bool lost;
        _Atomic bool grouped; /* it has made control groups */
        _Atomic uint64_t next_id;
        pthread_mutex_t lock; /* guards what follows, and is held for moments */
        pthread_cond_t changed;
        struct list workers;
};

/* Waits for @events on @fd: false when @deadline has passed before. */
bool warden_poll(int fd, short events, uint64_t deadline);

#endif
