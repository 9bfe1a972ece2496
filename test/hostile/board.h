/* A worker that is hostile on purpose, and what it shares with the test that watches it.
 *
 * hostile-worker is ward-worker with another worker in it: a real warden, real processes, and in place of add-ins whatever the
 * board says. The board is memory of the test's. Its path comes to the worker in the add-in's environment, as HOSTILE_BOARD.
 *
 * Between what the host asks and what is answered there are moments. At one of them the worker acts, once; else it is honest: adds
 * what is to be added, calls the host back where the board says so, and answers every other call with a small value. */
#ifndef TEST_HOSTILE_BOARD_H
#define TEST_HOSTILE_BOARD_H

#include <stdatomic.h>
#include <stdint.h>

#define BOARD_VARIABLE "HOSTILE_BOARD"

/* Its imports: those two of fuzz/channel_contract.h that hand out no objects. */
enum { HOSTILE_NOTE, HOSTILE_NEST, HOSTILE_IMPORTS };

enum moment {
        MOMENT_NONE,
        MOMENT_START,    /* before READY */
        MOMENT_LOAD,     /* a LOAD came */
        MOMENT_OPEN,     /* an OPEN came */
        MOMENT_LANE,     /* a lane's thread begins */
        MOMENT_CALL,     /* a CALL came */
        MOMENT_ASKED,    /* an IMPORT was sent, and the host may be at it */
        MOMENT_BACK,     /* an IMPORT_RETURN came */
        MOMENT_ANSWERED, /* a RETURN was sent */
        MOMENT_LEAVE,    /* a LEAVE came */
        MOMENT_UNLOAD,   /* an UNLOAD came */
        MOMENTS,
};

enum act {
        ACT_NONE,
        ACT_EXIT,   /* the process ends itself */
        ACT_CRASH,  /* by a signal */
        ACT_WAIT,   /* the thread says that it is there, and goes no further */
        ACT_ANSWER, /* with message @number, whatever was asked */
        ACT_MORE,   /* asks for @number bytes, and again, @times */
        ACT_ELSE,   /* answers on all other lanes as well */
        ACT_ACROSS, /* answers on all other lanes, but not on its own */
        ACT_STORM,  /* a thread rewrites all of the shared memory from now on */
        ACT_BELLS,  /* a thread rewrites all bells from now on */
        ACT_ARENAS, /* a thread rewrites all values from now on */
        ACT_PASS,   /* a thread sends descriptors of all types from now on */
        ACT_RING,   /* a thread rings and steals the doorbell from now on */
        ACT_SHUT,   /* shuts the socket down */
        ACT_RANDOM, /* on every lane, at every moment, one of these and more, from @number on */
};

struct board {
        _Atomic uint32_t moment; /* to act at */
        _Atomic uint32_t act;
        _Atomic uint32_t skip; /* of those moments, before */
        _Atomic uint64_t number;
        _Atomic uint32_t times;
        _Atomic uint32_t asks;    /* each call calls the host this often */
        _Atomic uint32_t reached; /* futex: 1 when it has come to ACT_WAIT */
        _Atomic int32_t pid;      /* of the last worker, as the host sees it */
        _Atomic uint64_t died_at; /* CLOCK_MONOTONIC, ns: just before */
};

#endif
