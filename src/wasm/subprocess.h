/* Runs a program to its end without a trace in the host: no SIGCHLD, nothing for its wait() to find, no signal handler of the
 * host's run in between, no descriptor but those listed. */
#ifndef WASM_SUBPROCESS_H
#define WASM_SUBPROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct subprocess {
        const char *path;        /* absolute, or with a slash */
        const char *const *argv; /* NULL-terminated, as is @envp */
        const char *const *envp;
        int folder;       /* its working directory */
        int log;          /* its standard output and error; input is empty */
        unsigned seconds; /* its time: then it and what it started are killed */
        /* Of each process: what a file may grow to, else it ends by SIGXFSZ, and its address space. 0: what the host may have. */
        uint64_t file_bytes, memory_bytes;
};

/* 0 with the status as waitpid gives it; -ETIMEDOUT; or another negative errno if it could not be run. */
int subprocess_run(const struct subprocess *program, int *ret_status);

#endif
