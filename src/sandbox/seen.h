/* What /proc shows of the layers that hold another process: read there, never taken from what was asked for.
 *
 * Who reads has to be allowed to trace it, or is shown less. By comparison with the calling process, which is not held. */
#ifndef SANDBOX_SEEN_H
#define SANDBOX_SEEN_H

#include <stdint.h>

/* Bits of enum ward_layer. Travels. */
struct sandbox_seen {
        uint32_t shown; /* that /proc tells of, either way */
        uint32_t held;  /* of these: that are in force */
};

/* @folder: "/proc/17". 0, or a negative errno where there is no such process any more. */
int seen_read(const char *folder, struct sandbox_seen *ret_seen);

/* Where a layer is read: "/proc/PID/status: Seccomp, Seccomp_filters"; NULL for what /proc does not show. */
const char *seen_where(unsigned layer);

#endif
