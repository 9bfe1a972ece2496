/* Runs a program to its end without a trace in the host: no SIGCHLD, nothing for its wait() to find, no signal handler of the
 * host's run in between, no descriptor but those listed.
 *
 * 1. subprocess_start   several may run at once; poll running.fd to see which has ended
 * 2. subprocess_finish  once for each that was started */
#ifndef WASM_SUBPROCESS_H
#define WASM_SUBPROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "sandbox/confine.h"

/* What a confined program leaves in its scratch folder and its host wants: copied to @fd if the program ended well. What is no
 * regular file, or not there, leaves @fd empty. */
struct subprocess_output {
        const char *name;
        int fd;
};

struct subprocess {
        const char *path;        /* absolute, or with a slash */
        const char *const *argv; /* NULL-terminated, as is @envp */
        const char *const *envp;
        int folder;       /* its working directory */
        int log;          /* its standard output and error; input is empty */
        unsigned seconds; /* its time: then it and what it started are killed */
        /* Of each process: what a file may grow to, else it ends by SIGXFSZ, and its address space; and how many processes. 0: what
         * the host may have. */
        uint64_t file_bytes, memory_bytes, processes;
        const struct confinement *confinement; /* NULL: none. Is borrowed by subprocess_start only, as all of this is */
        const struct subprocess_output *outputs;
        size_t n_outputs; /* at most SUBPROCESS_OUTPUTS_MAX */
};

enum { SUBPROCESS_OUTPUTS_MAX = 4 };

struct subprocess_running {
        int fd; /* readable when it has ended */
        pid_t launcher;
};

struct subprocess_end {
        int status;    /* as waitpid gives it */
        unsigned held; /* what held it: enum ward_layer */
};

/* 0, or a negative errno with nothing to finish. */
int subprocess_start(const struct subprocess *program, struct subprocess_running *ret_running);
/* Waits for its end. 0; -ETIMEDOUT; -EDQUOT if it wrote too much to a scratch folder that is not bounded by itself; or another
 * negative errno if it could not be run. */
int subprocess_finish(struct subprocess_running *running, struct subprocess_end *ret_end);
/* Kills it and waits until it is gone. */
void subprocess_abandon(struct subprocess_running *running);

/* The first two at once. */
int subprocess_run(const struct subprocess *program, struct subprocess_end *ret_end);

#endif
