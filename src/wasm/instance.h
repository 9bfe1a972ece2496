/* An instance as trap.c, linear.c and runtime.c share it. */
#ifndef WASM_INSTANCE_H
#define WASM_INSTANCE_H

#include <stdatomic.h>
#include <sys/types.h>
#include "wasm/limits.h"
#include "wasm/runtime.h"

struct wasm_instance {
        struct wasm_image *image;
        const struct wasm_image_entry *entry;
        struct wasm_host host;
        struct wasm_head *head;        /* owned; the image's own part follows it */
        void *module;                  /* that part */
        struct wasm_memory *memory;    /* in it; NULL: the module exports none */
        uint8_t *reservation;          /* WASM_RESERVATION bytes, or NULL */
        pid_t owner;                   /* the process that has the reservation: it is not inherited */
        void *tables[WASM_TABLES_MAX]; /* owned */
        uint32_t depth;                /* enters without leaves */
        _Atomic uint32_t thread;       /* the one that runs module code now: 0 for none, and while the host runs */
        _Atomic uint32_t lookers;      /* how many are about to signal @thread */
        _Atomic uint32_t signalled;    /* one has */
        _Atomic uint64_t number;       /* of the outermost call */
        _Atomic uint64_t expired;      /* the number of the call whose time is up */
        _Atomic bool stopped;
};

enum wasm_why {
        WASM_ENDED_TRAP = 1,
        WASM_ENDED_ENDING, /* expired, or stopped */
        WASM_ENDED_FAULT,  /* by an import, or for want of memory; the fault is filled */
};

/* How a call ended before its time. */
struct wasm_end {
        enum wasm_why why;
        enum wasm_trap trap;
        bool has_address;
        uint64_t address;
        int kind; /* the negative fault kind that an import gave */
};

#endif
