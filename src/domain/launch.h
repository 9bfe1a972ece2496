/* Starts the warden so that the host's SIGCHLD, wait(), signal handlers and descriptors never notice. */
#ifndef DOMAIN_LAUNCH_H
#define DOMAIN_LAUNCH_H

#include <ward/fault.h>

/* What ends the warden's descendants with it, the strongest first. */
enum launch_hold {
        LAUNCH_PID_NAMESPACE,  /* the kernel */
        LAUNCH_USER_NAMESPACE, /* the kernel; the PID namespace belongs to a user namespace, for a host without privileges */
        LAUNCH_SUBREAPER,      /* the warden, unless it is killed itself: then workers end, but not what they started */
};

/* Runs the program @path as a warden. @socket becomes its end of the link, @host is a pidfd of this process; both are borrowed. On
 * success @ret_pidfd is the warden's, close-on-exec, and the caller's. */
int launch(const char *path, int socket, int host, int *ret_pidfd, enum launch_hold *ret_hold, struct ward_fault *fault);

#endif
