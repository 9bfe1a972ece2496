/* Starts the warden so that the host's SIGCHLD, wait(), signal handlers and descriptors never notice. */
#ifndef DOMAIN_LAUNCH_H
#define DOMAIN_LAUNCH_H

#include <ward/fault.h>
#include "domain/worker_program.h"

/* Runs @program as a warden. @socket becomes its end of the link, @host is a pidfd of this process; all are borrowed. On
 * success @ret_pidfd is the warden's, close-on-exec, and the caller's. */
int launch(const struct worker_program *program, int socket, int host, int *ret_pidfd, struct ward_fault *fault);

#endif
