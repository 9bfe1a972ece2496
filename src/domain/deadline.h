/* The deadline of the call in flight on this thread, whatever its kind and domain: the calls that its callbacks make inherit it. */
#ifndef DOMAIN_DEADLINE_H
#define DOMAIN_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* CLOCK_NEVER where no call is in flight, or none with a deadline. Whoever lowers it puts it back. */
extern __thread uint64_t deadline_inherited __attribute__((tls_model("initial-exec")));

/* For who finds that @deadline has passed: whether that may be a debugger's doing, which held this process when it did. Then
 * @ret_deadline is another one, a second from now; so a host can be looked at for as long as one likes, and its calls go on. */
bool deadline_was_held(uint64_t deadline, uint64_t *ret_deadline);

#endif
