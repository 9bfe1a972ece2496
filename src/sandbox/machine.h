/* What this machine offers a host of this user: each layer is really tried, by a child that lives for a moment.
 *
 *      struct machine machine;
 *      machine_look(&machine);
 *
 * For programs that may fork: the tool, and tests. */
#ifndef SANDBOX_MACHINE_H
#define SANDBOX_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include "sandbox/machine_cgroup.h"

enum { MACHINE_LAYERS = 17 };

struct machine {
        struct utsname system;
        uid_t uid;
        bool root;                  /* layers_host_is_root */
        unsigned offered;           /* bits of enum ward_layer */
        int errors[MACHINE_LAYERS]; /* why not, in the order of enum ward_layer: errno; 0 where it is offered */
        int landlock_abi;           /* or a negative errno: see landlock_abi */
        const char *libseccomp;     /* the version that Ward was built with; "": without */
        bool notifies;              /* filters can ask a supervisor, */
        bool injects;               /* which can answer with a descriptor */
        bool filtered;              /* this process is under a filter itself */
        bool user_namespaces;       /* an ordinary user can have rights in a user namespace */
        struct machine_cgroup cgroup;
        long ptrace_scope; /* /proc/sys/kernel/yama/ptrace_scope; -1: there is none */
        long overcommit;   /* /proc/sys/vm/overcommit_memory; -1: unknown */
};

void machine_look(struct machine *ret_machine);

/* Why @layer is not offered, and how to get it, for people; "" if it is. Cut at @size. */
void machine_reason(const struct machine *machine, unsigned layer, char *room, size_t size);

#endif
