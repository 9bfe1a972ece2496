#include "domain/worker_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/domain.h"
#include "domain/worker_path.h"

struct worker_program *worker_program_free(struct worker_program *program)
{
        if (!program)
                return NULL;
        free(program->path);
        fd_close(program->fd);
        free(program);
        return NULL;
}

static void worker_program_freep(struct worker_program **program)
{
        worker_program_free(*program);
}

/* Whether there was one; what of a copy could not be made is NULL or -1. */
static bool copy_kept(struct domains *domains, struct worker_program *copy)
{
        domains_enter(domains);
        const struct worker_program *kept = domains->worker_program;
        if (kept) {
                copy->path = strdup(kept->path);
                copy->fd = fcntl(kept->fd, F_DUPFD_CLOEXEC, 0);
        }
        domains_leave(domains);
        return kept;
}

int worker_program_find(struct domains *domains, struct worker_program **ret_program, struct ward_fault *fault)
{
        OWNED(worker_program_freep) struct worker_program *program = malloc(sizeof *program);
        if (!program)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot find the worker program");
        *program = (struct worker_program){ .fd = -1 };
        if (!copy_kept(domains, program)) {
                int r = worker_path_find(domains->worker_path, &program->path, fault);
                if (r)
                        return r;
                program->fd = open(program->path, O_PATH | O_CLOEXEC);
        }
        if (!program->path || program->fd < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot open the worker program%s%s",
                                       program->path ? " " : "", program->path ? program->path : "");
        *ret_program = STEAL(program);
        return 0;
}

void worker_program_keep(struct domains *domains, struct worker_program *program)
{
        domains_enter(domains);
        if (!domains->worker_program)
                domains->worker_program = STEAL(program);
        domains_leave(domains);
        worker_program_free(program);
}
