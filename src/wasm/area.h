/* Areas: address space for linear memories, which is taken again. A memory that ends is wiped at once, and what was reserved for it
 * serves the next one: neither the kernel nor the next add-in sees anything of it, and a domain costs no system call of its own.
 *
 *      1. wasm_area_take        all that is accessible reads as zero
 *      2. wasm_area_open        as the memory grows
 *      3. wasm_area_give        wiped, and kept for the next one, or unmapped
 *      4. wasm_areas_drop       what is kept is given back to the system
 *
 * Of a memory that ends, the pages that modules of its kind use are cleared and stay; all others go back to the system. Which these
 * are is seen now and then (struct wasm_window). What is kept, in a process: at most WASM_AREAS_KEPT areas, and WASM_BYTES_KEPT
 * bytes.
 *
 * Not inherited by forks, where nobody would free it: in a child, an area from before the fork is not there. Any thread. */
#ifndef WASM_AREA_H
#define WASM_AREA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
        WASM_AREAS_KEPT = 256,
        WASM_BYTES_KEPT = 64 << 20,
        WASM_WINDOW_MAX = 1 << 20, /* of one of them */
};

struct wasm_area {
        uint8_t *base;       /* NULL: none, or a plain one of no bytes */
        uint64_t size;       /* reserved */
        uint64_t open;       /* of that, from the base on, accessible, */
        uint64_t closed;     /* but for the first of them */
        uint64_t generation; /* whose it is, where processes fork; 0: this is no area */
        uint32_t held;       /* by how many who point into it: it is not to move */
        bool plain;
};

/* The pages of a memory that are worth keeping, for all memories of a module. Zero at first. */
struct wasm_window {
        _Atomic uint64_t pages; /* the first in the upper half, how many in the lower */
        _Atomic uint32_t seen;  /* how many memories have ended */
};

/* One without guard: only @open bytes, and it may move when it is opened further, unless it is held. For code that checks addresses
 * by itself. */
int wasm_area_take_plain(uint64_t open, struct wasm_area *ret_area);
/* An area of @size bytes, the first @open of them accessible; both whole pages of 64 KiB. 0 or a negative errno. */
int wasm_area_take(uint64_t size, uint64_t open, struct wasm_area *ret_area);
/* Makes the first @open bytes accessible: not fewer than before. False where there is no memory. */
bool wasm_area_open(struct wasm_area *area, uint64_t open);
/* Keeps the first @closed bytes from whoever uses it, a multiple of 4 KiB, less than a page of 64; 0: none of them. They are lost.
 * False where there is no memory. */
bool wasm_area_close(struct wasm_area *area, uint64_t closed);
/* Nobody uses it any more. Leaves no area. One that is none, or not this process's, is only forgotten. */
void wasm_area_give(struct wasm_area *area, struct wasm_window *window);

/* Unmaps what is kept. One mark of 64 KiB stays, by which a forked child knows itself. */
void wasm_areas_drop(void);

/* Whether it is time to do with plain ones: the process may not have much more address space, or the kernel not many more mappings.
 * An application is to have most of both. */
bool wasm_areas_are_scarce(void);

/* How many are in use that are not plain. */
uint64_t wasm_areas_used(void);

#endif
