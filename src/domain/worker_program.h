/* The program ward-worker, by descriptor. A host goes on with the file that its first warden was made of, though it be replaced or
 * removed meanwhile, as an upgrade does: the library in the host's memory is of that release.
 *
 * 1. worker_program_find  2. launch  3. worker_program_keep, once it has answered as it should  4. worker_program_free */
#ifndef DOMAIN_WORKER_PROGRAM_H
#define DOMAIN_WORKER_PROGRAM_H

#include <ward/fault.h>

struct domains;

struct worker_program {
        char *path; /* where it was found */
        int fd;     /* O_PATH, close-on-exec */
};

/* The one that @domains keep, or the one that is at its place now. The caller's. */
int worker_program_find(struct domains *domains, struct worker_program **ret_program, struct ward_fault *fault);
/* Takes @program. */
void worker_program_keep(struct domains *domains, struct worker_program *program);
/* Takes NULL, returns NULL. */
struct worker_program *worker_program_free(struct worker_program *program);

#endif
