/* A worker that does what the input says, on a thread of this process, behind a warden that is none: channel_worker.c stands in for
 * domain/warden.c, so that the whole of kind `process` runs as it is, and a worker costs no process.
 *
 * The input is a row of acts, each a byte and what it takes: words written into the worker's arena, slots, messages. After each
 * message of the host it goes on until it has sent one. When the input is used up, the worker dies of the next message. */
#ifndef FUZZ_CHANNEL_WORKER_H
#define FUZZ_CHANNEL_WORKER_H

#include <stddef.h>
#include <stdint.h>

/* For the next worker. @is_honest: it starts and loads as a worker should. The input stays the caller's. */
void channel_worker_set(const uint8_t *data, size_t size, int is_honest);

#endif
