/* What travels between the library and its workers. The library and ward-worker are installed together and checked against
 * each other by WIRE_PROTOCOL, so structs travel as they are.
 *
 * On the socket between host and warden (SOCK_SEQPACKET): first the warden says hello; then requests go down and events come up,
 * none is answered. A spawned worker says MESSAGE_READY on lane 0.
 *
 * Lane 0 is the control lane, served by the worker's first thread, which runs no call of the contract:
 *
 *      START h -> w    slots: offset, length of: u32 whether to spin, the plan (sandbox/plan.h)
 *      READY w -> h
 *      LOAD h -> w     instance; slots: offset, length of: path, contract name, number of exports, of imports, of resources; names
 *                      and signatures of the functions; names of the resources, and whether they are the add-in's. Answered by
 *                      LOADED or FAILED
 *      UNLOAD h -> w   instance. Answered by UNLOADED
 *      OPEN h -> w     instance: how many; slots: as many lanes, which a new thread of the worker's serves from now on. Where there
 * are several, each outermost message comes on the next one: a row, whose calls are in flight together and run in that order. A
 * call in it that is cancelled before it begins is FAILED. Answered by OPENED or FAILED
 *
 * On every other lane:
 *
 *      CALL h -> w     instance, export in the contract's order; slots: the flat parameters. Answered by RETURN (slot: the flat
 *                      result; instance: 1 if there are letters to be read, see pass.h) or FAILED
 *      CALL_EARLY h -> w  the same, while large blocks of it are still being written (coming.h)
 *      IMPORT w -> h   while a CALL is in flight, of its instance: import in the contract's order; likewise. Answered by
 *                      IMPORT_RETURN, or by a nested CALL
 *      LEAVE h -> w    its thread ends. Answered by LEFT, with which the worker is done with the lane
 *
 * On the last CHANNEL_OWN_LANES lanes, of which the worker gives one to each thread that an add-in has made itself, the worker
 * begins, and rings the doorbell (doorbell.h) for each message that is not within a CALL:
 *
 *      IMPORT w -> h   of any instance. IMPORT_RETURN says in place of the function whether SETTLE would give memory back
 *      SETTLE w -> h   neither side has anything in its arena. Answered by SETTLE_RETURN
 *
 * On all:
 *
 *      MORE w -> h     while the worker has something to answer; slot: bytes that its arena is to grow by. Answered by MORE_RETURN
 *                      (slots: start and end of an extent, 0 and 0 where there is none)
 *      RING w -> h     for calls that nobody waits for, a ring (ring.h) is wanted. Answered by RING_RETURN (slots: start and end of
 *                      its extent, 0 and 0 where there is none). Each IMPORT, and each RETURN of no value or of one that lies in
 * its slot, comes behind what is in the ring; before any other message the worker empties it by EVENTS EVENTS w -> h   there is
 * something in the ring. The worker need not wait for the answer, EVENTS_RETURN, before it has another message; a nested CALL may
 * come before it AGAIN w -> h    while the worker has something to answer; slot: the number of a buffer that it has dropped and is
 * passed nevertheless, see domain/shares.h. Answered by AGAIN_RETURN, before which its descriptor is sent FAILED w -> h   slots:
 * kind of fault, offset, length of its text, whether the call was made before it failed. The worker is well and waits for the next
 * message
 *
 * Strings are UTF-8. Handles travel as numbers: of an object of the add-in's own that of native/reps.h, of one of the host's
 * that of the add-in's table in the host. With r the index of a resource in the contract:
 *
 *      CALL n_exports + r     slot: the number of an object of the add-in's own, which the host owns and destroys
 *      IMPORT n_imports + r   slot: a handle of the host's resource, which the add-in drops */
#ifndef CHANNEL_MESSAGE_H
#define CHANNEL_MESSAGE_H

#include <stdint.h>

enum message_kind {
        MESSAGE_START = 1,
        MESSAGE_READY,
        MESSAGE_LOAD,
        MESSAGE_LOADED,
        MESSAGE_UNLOAD,
        MESSAGE_UNLOADED,
        MESSAGE_CALL,
        MESSAGE_RETURN,
        MESSAGE_IMPORT,
        MESSAGE_IMPORT_RETURN,
        MESSAGE_FAILED,
        MESSAGE_OPEN,
        MESSAGE_OPENED,
        MESSAGE_LEAVE,
        MESSAGE_LEFT,
        MESSAGE_MORE,
        MESSAGE_MORE_RETURN,
        MESSAGE_AGAIN,
        MESSAGE_AGAIN_RETURN,
        MESSAGE_RING,
        MESSAGE_RING_RETURN,
        MESSAGE_EVENTS,
        MESSAGE_EVENTS_RETURN,
        MESSAGE_SETTLE,
        MESSAGE_SETTLE_RETURN,
        MESSAGE_CALL_EARLY,
};

enum {
        MESSAGE_INSTANCES = 1024, /* in one domain; their numbers are below */
        MESSAGE_NESTING = 64,     /* calls within callbacks within calls */

        WIRE_MAGIC = 0x44524157, /* "WARD" */
        WIRE_PROTOCOL = 5,
        WIRE_VERSION = 24,

        /* Descriptors that the warden starts with, beside the standard streams. */
        WIRE_SOCKET = 3,
        WIRE_HOST = 4, /* pidfd of the host */
};

/* What a worker gets. */
enum wire_descriptor {
        WIRE_MEMORY,   /* the memfd of its channels */
        WIRE_PASS,     /* its end of the domain's socket, by which descriptors travel (SOCK_SEQPACKET) */
        WIRE_DOORBELL, /* an eventfd: something waits for the host's dispatcher */
        WIRE_DESCRIPTORS,
};

struct wire_hello {
        uint32_t magic;
        uint32_t protocol;
        char version[WIRE_VERSION]; /* WARD_VERSION, NUL-terminated */
};

enum wire_kind {
        WIRE_SPAWN = 1, /* with the descriptors of enum wire_descriptor */
        WIRE_KILL,
};

struct wire_request {
        uint32_t kind;
        uint32_t unused;
        uint64_t id; /* of the worker, chosen by the host, never used twice */
};

enum wire_event_kind {
        WIRE_EXITED = 1, /* status: as wait(2) gives it */
        WIRE_REFUSED,    /* it could not be started; status: errno */
};

struct wire_event {
        uint32_t kind;
        int32_t status;
        uint64_t id;
};

#endif
