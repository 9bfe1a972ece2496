/* The deadline of the call in flight on this thread, whatever its kind and domain: the calls that its callbacks make inherit it. */
#ifndef DOMAIN_DEADLINE_H
#define DOMAIN_DEADLINE_H

#include <stdint.h>

/* CLOCK_NEVER where no call is in flight, or none with a deadline. Whoever lowers it puts it back. */
extern __thread uint64_t deadline_inherited __attribute__((tls_model("initial-exec")));

#endif
