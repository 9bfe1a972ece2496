/* What a process domain shares with its host by reference: buffers and streams (memory/buffer.h), by numbers.
 *
 * The descriptor of a buffer travels when it is passed for the first time (channel/pass.h). From then on both sides know it by one
 * number, and passing it is telling that: constant time, no system call. Who introduces a buffer chooses its number: the host's are
 * even, the worker's odd. A stream has a number for one way only.
 *
 * The host holds a buffer as long as its worker does, and says when nobody else in the host does (SHARES_RELEASE), which it looks
 * for bit by bit as others are passed. The worker, when nobody there has a reference any more, forgets the number and says so
 * (SHARES_DROP), with how often it has received and given it since it last began to know it: so it is known here what is still
 * under way. A number that crosses after that is one that the worker asks about (MESSAGE_AGAIN), and its descriptor travels again.
 * What the worker says is counted, never believed: by lying it keeps what it holds, or loses it, and both cost its own domain only.
 */
#ifndef DOMAIN_SHARES_H
#define DOMAIN_SHARES_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/fault.h>
#include <ward/value.h>

struct charge;
struct shares;

/* @socket is borrowed until shares_end. NULL without memory. Counted. */
struct shares *shares_new(int socket);
/* The worker is gone, or is the parent's of this child: what it held is given up. Takes no lock. Takes NULL. */
void shares_end(struct shares *shares);
struct shares *shares_ref(struct shares *shares);
/* Takes NULL, returns it. */
struct shares *shares_unref(struct shares *shares);

/* @object, a pointer to a thing of @shared (enum ward_shared), is passed: it stays the caller's, who sees to his reference. LIMIT:
 * too many new ones at a time, or in all; UNLOADED. @ret_first: whether shares_arrived is to be called. */
int shares_lower(struct shares *shares, uint8_t shared, void *object, uint32_t *ret_number, bool *ret_first,
                 struct ward_fault *fault);
/* What became of it: the worker was told of it, or never will be. */
void shares_arrived(struct shares *shares, uint32_t number);
void shares_take_back(struct shares *shares, uint8_t shared, uint32_t number);

/* The thing that the worker passes as @number, with a reference. One that it introduces is charged to @charge. PROTOCOL: there is
 * none, or it is something else; LIMIT, SYSTEM. */
int shares_lift(struct shares *shares, uint8_t shared, struct charge *charge, uint32_t number, void **ret_object,
                struct ward_fault *fault);

/* Sends the file that the add-in @number is to be loaded from. @fd stays the caller's. */
int shares_send_module(struct shares *shares, uint32_t number, int fd, struct ward_fault *fault);

/* Reads what the worker has dropped. */
void shares_read(struct shares *shares);

/* The worker has forgotten @number and was passed it nevertheless. */
void shares_again(struct shares *shares, uint32_t number);

#endif
