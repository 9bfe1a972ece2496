/* Buffers and streams on their way between this worker's add-ins and the host: the worker's half of domain/shares.h.
 *
 * A buffer is known to both sides as long as an add-in here has a reference to it, and the last few that were passed stay so until
 * the host has no reference either: what is lent again and again is neither sent nor mapped again. When the last reference is given
 * back, the number is forgotten, and the host is told: in a letter, which is sent with the next answer at the latest. */
#ifndef WORKER_BUFFERS_H
#define WORKER_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include "marshal/marshal.h"

struct server;

/* Once. @socket: see struct worker. */
void buffers_init(int socket);

/* The file of the add-in @number, whose LOAD said that there is one: the caller's. */
int buffers_take_module(uint32_t number, int *ret_fd, struct ward_fault *fault);

/* For the values that cross on this thread (reps_crossing.shared). */
extern const struct marshal_handles buffers_handles;

/* Values have crossed to the host, or not: what was given away with them is released, or stays the add-in's. */
void buffers_crossed(bool arrived);

/* What is lent for a call is released behind it. */
size_t buffers_mark(void);
void buffers_return(size_t mark);

/* Sends what was dropped, as much as can be sent. Whether there is something for the host to read. */
bool buffers_tell(void);

#endif
