/* What travels between the library and its workers. The library and ward-worker are installed together and checked against
 * each other by WIRE_PROTOCOL, so structs travel as they are.
 *
 * On the socket between host and warden (SOCK_SEQPACKET): first the warden says hello; then requests go down and events come up,
 * each a struct wire_head and what its kind brings. Only WIRE_ASK is answered. A spawned worker says MESSAGE_READY on lane 0.
 *
 * Lane 0 is the control lane, served by the worker's first thread, which runs no call of the contract:
 *
 *      START h -> w    slots: offset, length of: u32 whether to spin, the plan (sandbox/plan.h)
 *      READY w -> h    slot: the layers that hold it (enum ward_layer)
 *      LOAD h -> w     instance; slots: offset, length of: the files, libraries bottom-up and the add-in behind them
 *                      (domain/process_files.h); contract name, number of exports, of imports, of resources; names and signatures
 *                      of the functions; names of the resources, and whether they are the add-in's. Answered by LOADED or FAILED
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
        WIRE_PROTOCOL = 6,
        WIRE_VERSION = 24,

        /* Descriptors of a process that was forked by the warden, or is it. */
        WIRE_SOCKET = 3, /* warden: to the host; zygote: to the warden */
        WIRE_HOST = 4,   /* warden: pidfd of the host */
        WIRE_LINE = 5,   /* zygote, worker until it is confined: brings the warden a worker's listener (struct wire_line) */
        WIRE_PROC = 6,   /* likewise: /proc, where their root has none; a path only */
        WIRE_EMPTY = 7,  /* likewise: the network namespace in which there is nothing, if there is one */

        WIRE_PAYLOAD = 8192, /* of a request or event, at most */
        WIRE_FDS = 16,       /* that go with one, at most */
};

/* What a worker gets; those from WIRE_STDIN on it may have to do without. */
enum wire_descriptor {
        WIRE_MEMORY,   /* the memfd of its channels */
        WIRE_PASS,     /* its end of the domain's socket, by which descriptors travel (SOCK_SEQPACKET) */
        WIRE_DOORBELL, /* an eventfd: something waits for the host's dispatcher */
        WIRE_STDIN,    /* else /dev/null */
        WIRE_STDOUT,   /* else the host's own, as the warden has inherited it */
        WIRE_STDERR,
        WIRE_DESCRIPTORS,
};

struct wire_hello {
        uint32_t magic;
        uint32_t protocol;
        char version[WIRE_VERSION]; /* WARD_VERSION, NUL-terminated */
};

enum wire_kind {
        /* Requests. */
        WIRE_SPAWN = 1, /* struct wire_spawn, with its descriptors in the order of enum wire_descriptor; struct sandbox_limits
                           (sandbox/limits.h) */
        WIRE_KILL,
        WIRE_FILE,  /* a path, NUL-terminated: the worker may open it to read, by exactly this name. With a descriptor it is that */
        WIRE_ASK,   /* status: enum wire_question */
        WIRE_GRANT, /* status: of enum sandbox_right; a path, NUL-terminated: files that a filtered worker is granted */
        WIRE_ADDRESS, /* a struct sockaddr that it may connect to */
        WIRE_FORGET,  /* how paths begin, NUL-terminated: those of WIRE_FILE that the worker opens no more */

        /* Events. */
        WIRE_EXITED,  /* status: as wait(2) gives it; struct ward_usage, of all its life */
        WIRE_REFUSED, /* it could not be started; status: errno */
        WIRE_ANSWER,  /* status: the question; what it brings is the question's */
        WIRE_ACT,     /* it did, or was refused, something: struct wire_act */
        WIRE_LIMIT,   /* it has reached a limit: struct sandbox_excess (sandbox/limits.h) */
};

struct wire_head {
        uint32_t kind;
        int32_t status;
        uint64_t id; /* of the worker, chosen by the host, never used twice */
};

/* The zygote that a worker is forked from. */
enum wire_zygote {
        WIRE_ZYGOTE_HOST,  /* the host's network and file system */
        WIRE_ZYGOTE_EMPTY, /* none of either */
        WIRE_ZYGOTES,
};

struct wire_spawn {
        uint32_t zygote;
        uint32_t descriptors; /* bit n: enum wire_descriptor n comes along */
        uint32_t layers;      /* that it is to be held by (enum ward_layer), as far as that is the warden's to do */
        uint32_t filter;      /* enum filter_kind, where it has one with a listener */
        uint32_t may_spawn;   /* processes */
};

enum wire_question {
        WIRE_USAGE = 1, /* struct ward_usage */
        WIRE_POSTURE,   /* struct wire_posture */
};

/* Layers, as bits of enum ward_layer. */
struct wire_posture {
        uint32_t shown; /* that /proc tells of, either way */
        uint32_t held;  /* of these: that are in force */
        /* Bits of enum ward_limit: that there are, and what keeps them. */
        uint32_t limits, by_group, by_process, by_looking;
};

/* From a worker to its warden; a descriptor comes along: where its filter's notifications come out. */
struct wire_line {
        uint32_t unused;
};

/* What an observed worker used. The values travel. */
enum wire_use {
        WIRE_USE_NONE, /* it was refused */
        WIRE_USE_READ,
        WIRE_USE_LIST,
        WIRE_USE_WRITE,
        WIRE_USE_CREATE,
        WIRE_USE_EXECUTE,
        WIRE_USE_CONNECT,
        WIRE_USE_FORK,
        WIRE_USES,
};

/* What a worker did or was refused. */
struct wire_act {
        int32_t call;  /* the system call's number */
        int32_t error; /* errno that it got, or 0 */
        uint32_t use;  /* enum wire_use */
        uint32_t unused;
        uint64_t count;     /* of such acts, where some went untold */
        char subject[1024]; /* a path or address, NUL-terminated; what the worker says of itself, so any bytes */
};

#endif
