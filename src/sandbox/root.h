/* A root of its own: an empty file system in which there is what is granted, and where there is a scratch folder the working
 * directory with it: writable, in memory, and bounded in bytes and files.
 *
 *      /usr /bin …      what is granted, in its place
 *      /ward-build      what was the working directory, read-only
 *      /ward-build/SCRATCH   empty and writable; in what was the working directory there must be a folder of that name
 *
 * For a process in a mount namespace of its own, with the right to mount (namespaces.h). Only system calls. */
#ifndef SANDBOX_ROOT_H
#define SANDBOX_ROOT_H

#include <stdint.h>
#include "sandbox/grant.h"

enum { SANDBOX_ROOT_GRANTS_MAX = 4096 };

struct sandbox_root {
        const struct sandbox_grant *grants; /* those with an absolute path; devices are files of /dev. What one is shown for without
                                               SANDBOX_WRITE is read-only */
        size_t n_grants;                    /* at most SANDBOX_ROOT_GRANTS_MAX */
        const char *scratch;                /* NULL: no such folder, nor the working directory */
        uint64_t scratch_bytes;
        uint32_t scratch_files;
};

/* 0 with /ward-build as the working directory, or /; 1 if the system does not allow it, with root and working directory as they
 * were; or a negative errno where it failed on the way. What is granted and cannot be shown is not there. */
int root_change(const struct sandbox_root *plan);

#endif
