/* What /proc shows of the layers that hold another process: read there, never taken from what was asked for.
 *
 * Who reads has to be allowed to trace it, or is shown less. By comparison with the calling process, which is not held. */
#ifndef SANDBOX_SEEN_H
#define SANDBOX_SEEN_H

#include <stdbool.h>
#include <stdint.h>

/* Bits of enum ward_layer. Travels. */
struct sandbox_seen {
        uint32_t shown; /* that /proc tells of, either way */
        uint32_t held;  /* of these: that are in force */
};

/* @folder: "/proc/17". 0, or a negative errno where there is no such process any more. */
int seen_read(const char *folder, struct sandbox_seen *ret_seen);

/* A limit of its own, by its name in /proc/PID/limits, which no process of it can raise; false where there is none. */
bool seen_limit(const char *folder, const char *name, uint64_t *ret_value);

/* Where a layer is read: "/proc/PID/status: Seccomp, Seccomp_filters"; NULL for what /proc does not show. */
const char *seen_where(unsigned layer);

#endif
