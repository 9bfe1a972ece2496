/* Confines a program that is to read what it is told of, and to write one folder: as tightly as the system allows, which differs.
 *
 * 1. confinement_init, then what is wanted                      in the host
 * 2. confinement_enter                                          in a process cloned from it, of one thread, that never executes
 * 3. a clone, which is process 1 where it got namespaces  there
 * 4. confinement_seal, then exec                                in the program's process, a child of that
 * 5. confinement_finish                                         in the host
 *
 * 2 to 4 only make system calls. */
#ifndef SANDBOX_CONFINE_H
#define SANDBOX_CONFINE_H

#include <sys/types.h>
#include <ward/posture.h>
#include "sandbox/filter.h"
#include "sandbox/namespaces.h"
#include "sandbox/root.h"

/* What may hold a program, of enum ward_layer, beside the limits of its resources. With a root of its own, the folder that it
 * writes lies in memory and is bounded. */
enum {
        CONFINEMENT_NAMESPACES = WARD_LAYER_PID_NAMESPACE | WARD_LAYER_USER_NAMESPACE | WARD_LAYER_MOUNT_NAMESPACE |
                                 WARD_LAYER_NETWORK_NAMESPACE | WARD_LAYER_IPC_NAMESPACE | WARD_LAYER_UTS_NAMESPACE,
        CONFINEMENT_ALL = CONFINEMENT_NAMESPACES | WARD_LAYER_OWN_ROOT | WARD_LAYER_OTHER_USER | WARD_LAYER_NO_CAPABILITIES |
                          WARD_LAYER_NO_NEW_PRIVILEGES | WARD_LAYER_LANDLOCK | WARD_LAYER_FILTER,
};

struct confinement {
        unsigned layers; /* to be tried, namespaces all or none; CONFINEMENT_ALL */
        struct sandbox_root
                root; /* borrows. Its scratch folder is one of the working directory's also where there is no own root */
        struct sandbox_namespaces namespaces;
        struct sandbox_filter filter;
        uid_t uid; /* who it becomes where the host is user 0 */
};

/* 0, or a negative errno. */
int confinement_init(struct confinement *ret_confinement);
void confinement_finish(struct confinement *confinement);

/* What held goes to @held, which confinement_seal adds to. A layer that the system does not have is left out. 0, or a negative
 * errno where one failed half-way. */
int confinement_enter(const struct confinement *confinement, unsigned *held);
int confinement_seal(const struct confinement *confinement, unsigned *held);

#endif
