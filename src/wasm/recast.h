/* Between wasm2c and the C compiler. wasm2c's text (wabt 1.0.32) is checked to be of the form that Ward knows, and written again:
 * its macros give way to Ward's own in wasm-rt.h (image_rt.h), which is with the recast text all that the compiler sees.
 *
 *      wasm2c.c, wasm2c.h  ──>  image.h    the instance, and what the others below share
 *                               image.c    data, tables, how an instance begins, exports; what the glue includes
 *                               part1.c …  the functions, where they are many: each file compiles by itself
 *
 * In a function the recast text says, by macros that wasm-rt.h defines as the image's options want it: where it begins
 * (FUNC_PROLOGUE, or FUNC_PROLOGUE_LEAF where it calls nothing and needs little of the stack), where a loop begins anew (LOOP), and
 * where the linear memory may have moved (MEMORY_MOVED). */
#ifndef WASM_RECAST_H
#define WASM_RECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ward/fault.h>

/* What wasm2c is to write, with its header beside it. */
#define WASM_RECAST_INPUT "wasm2c.c"

/* An instruction that can trap or call, one of those that wasm_mark_matters names, for the C text to bear as its line. */
struct wasm_mark {
        uint32_t code;   /* its opcode; behind a prefix: 0xfc00 and the number */
        uint32_t offset; /* in the module, as its author has it, and WASM_MARK_LINE (marks.h): the line's number */
};

/* Those of one function that can be reached: what follows a branch, return or unreachable to its block's end is left out. */
struct wasm_marks {
        uint32_t offset; /* of the function */
        uint32_t n;
        const struct wasm_mark *at;
};

struct wasm_recast_options {
        const char *name; /* the module's, for faults */
        bool checked;     /* addresses are compared with the memory's size, which needs no reservation then, and may move */
        bool looking; /* functions and loops look whether the call is to end, which then needs no signal: takes up to a quarter */
        uint32_t parts_max; /* how many files beside image.c functions may be written to; 0: they are in image.c */
        /* Of the module's first @n_functions functions that are not imported, in order; NULL: no line numbers. A function whose
         * text does not agree with its marks has none. */
        const struct wasm_marks *marks;
        uint32_t n_functions;
};

enum {
        WASM_PARTS_MAX = 64,
        /* Bytes of a part's text at least: below this the compiler's start, and what it can't inline, cost more than they save. */
        WASM_PART_LEAST = 512 << 10,
};

/* Number @number of the part files, counted from 1. */
#define WASM_PART_FORMAT "part%u.c"

/* Whether the instruction can trap or call. */
bool wasm_mark_matters(uint32_t code);

/* Reads wasm2c's files in @folder, and writes those above. @ret_parts: how many parts; 0: all is in image.c. */
int wasm_recast(int folder, const struct wasm_recast_options *options, uint32_t *ret_parts, struct ward_fault *fault);

#endif
