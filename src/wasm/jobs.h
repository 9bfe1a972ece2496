/* Runs translators and compilers on the files of a folder, confined, several at once.
 *
 * 1. wasm_jobs_begin     2. wasm_jobs_run, once for each step     3. wasm_jobs_end
 *
 * A job reads the folder, and writes a scratch folder in it that is its own; what it is to make there is then put into the folder.
 */
#ifndef WASM_JOBS_H
#define WASM_JOBS_H

#include "sandbox/confine.h"
#include "wasm/subprocess.h"
#include "wasm/tools.h"

struct wasm_job {
        const char *what; /* "the C compiler" */
        const char *path;
        const char *const *argv;
        const char *scratch; /* its scratch folder, which @argv names in what it makes; one word */
        const char *makes[SUBPROCESS_OUTPUTS_MAX];
        unsigned seconds;
};

struct wasm_jobs {
        int folder;
        const char *name; /* the module's, for faults */
        unsigned held;    /* what held every job so far */
        struct confinement confinement;
        struct wasm_grants grants;
        char *environment[7]; /* owned; NULL-terminated */
};

int wasm_jobs_begin(const struct wasm_tools *tools, int folder, const char *name, struct wasm_jobs *ret_jobs,
                    struct ward_fault *fault);
void wasm_jobs_end(struct wasm_jobs *jobs);

/* Told when a job has ended well: how many of this step are done. */
typedef void (*wasm_job_done)(void *data, size_t done, size_t total);

/* Runs all @n, at most as many at once as the machine has processors and memory for. The first that fails ends the others. */
int wasm_jobs_run(struct wasm_jobs *jobs, const struct wasm_job *all, size_t n, wasm_job_done done, void *data,
                  struct ward_fault *fault);

#endif
