/* Starts the warden so that the host's SIGCHLD, wait(), signal handlers and descriptors never notice. */
#ifndef DOMAIN_LAUNCH_H
#define DOMAIN_LAUNCH_H

#include <ward/fault.h>

/* Runs the program @path as a warden. @socket becomes its end of the link, @host is a pidfd of this process; both are borrowed. On
 * success @ret_pidfd is the warden's, close-on-exec, and the caller's. */
int launch(const char *path, int socket, int host, int *ret_pidfd, struct ward_fault *fault);

#endif
