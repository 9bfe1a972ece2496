/* The standard streams of a worker, where they are not those of the warden: pipes of the host's, served on the monitor's thread,
 * and descriptors that the host has given.
 *
 * 1. process_output_init  2. process_output_open: the descriptors that the worker is to get  3. process_output_start, when they are
 * sent  4. process_output_drain, before an end of the domain is told  5. process_output_stop  6. process_output_finish
 *
 * Output goes to the host's callback; where there is none, and the level allows the worker no descriptor of the host's, to the
 * host's own stream. What is not read stays in the pipe, which is bounded, so that a worker which floods waits. The host waits for
 * nobody: it reads when there is something, and writes to its own stream when that has room. */
#ifndef DOMAIN_PROCESS_OUTPUT_H
#define DOMAIN_PROCESS_OUTPUT_H

#include <pthread.h>
#include "domain/domain.h"

enum {
        PROCESS_STREAMS = 3, /* by their number in the worker: 0, 1, 2 */
        PROCESS_ROOM = 4096, /* PIPE_BUF: what a pipe that is writable takes at once */
};

struct process_output;

struct process_pipe {
        struct process_output *output;
        int number;
        int fd;     /* the host's end; -1: none, or closed */
        int theirs; /* the worker's end, until it has it; else -1 */
        struct monitor_watch watch;
        int host; /* a copy of the host's own stream while that is full; else -1 */
        struct monitor_watch room;
};

struct process_output {
        struct ward_domain *domain; /* borrowed */
        struct monitor *monitor;    /* NULL: not started */
        char name[WARD_FAULT_NAME_MAX];
        pthread_mutex_t lock; /* guards what follows, and is held while a callback of the host's runs */
        bool stopped;
        struct process_pipe pipes[PROCESS_STREAMS];
        size_t n_input; /* bytes in @input that the pipe has not taken */
        char *input;    /* PROCESS_ROOM bytes; NULL: the host gives none */
};

void process_output_init(struct process_output *output, struct ward_domain *domain);
/* Makes the pipes. @ret_fds: what the worker is to have as its streams; -1: what the warden has. Borrowed. */
int process_output_open(struct process_output *output, int ret_fds[PROCESS_STREAMS], struct ward_fault *fault);
/* The worker's ends are its own from here on; what it writes is watched for. @monitor is borrowed, until process_output_stop. */
int process_output_start(struct process_output *output, struct monitor *monitor, struct ward_fault *fault);
/* Passes on what has been written so far; of a worker that goes on writing, no more than a pipe holds. Any thread. */
void process_output_drain(struct process_output *output);
/* Drains and closes everything. The worker is gone. */
void process_output_stop(struct process_output *output);
/* Closes what is open, in a forked child too. */
void process_output_finish(struct process_output *output);

#endif
