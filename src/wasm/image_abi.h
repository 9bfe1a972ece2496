/* What an image (a module compiled to a shared library) and the runtime know of each other. Compiled into both: libward, and,
 * as part of wasm-rt.h, every image. A change here is a new WASM_IMAGE_ABI; images of another one are built anew.
 *
 * An image holds code and constants only. All that changes is in instances, which the runtime allocates, each with a struct
 * wasm_head right before it; the image reaches the runtime through a table of functions that it is given once, when it is loaded.
 */
#ifndef WASM_IMAGE_ABI_H
#define WASM_IMAGE_ABI_H

#include <stdbool.h>
#include <stdint.h>

#define WASM_IMAGE_ABI    4
#define WASM_IMAGE_SYMBOL "ward_image_4"

/* wasm2c's numbers of traps, and behind them Ward's own. */
enum wasm_trap {
        WASM_TRAP_NONE,
        WASM_TRAP_OOB,
        WASM_TRAP_INT_OVERFLOW,
        WASM_TRAP_DIV_BY_ZERO,
        WASM_TRAP_INVALID_CONVERSION,
        WASM_TRAP_UNREACHABLE,
        WASM_TRAP_CALL_INDIRECT,
        WASM_TRAP_UNCAUGHT_EXCEPTION,
        WASM_TRAP_EXHAUSTION,
        WASM_TRAP_OOB_TABLE,
        WASM_TRAP_CALL_UNDEFINED, /* no such entry */
        WASM_TRAP_CALL_NULL,
};

/* A linear memory. @size has 64 bits, for 65,536 pages are 4 GiB. */
struct wasm_memory {
        uint8_t *data;
        uint32_t pages, max_pages;
        uint64_t size;
};

/* What precedes an instance. */
struct wasm_head {
        _Alignas(16) uintptr_t stack_limit; /* a function that finds the stack pointer below it traps */
        uint32_t look;                      /* atomic: an image that looks at this is to call look() */
};

struct wasm_runtime {
        /* @line: of the image's C text (recast.h). */
        void (*trap)(enum wasm_trap trap, uint32_t line) __attribute__((noreturn));
        /* An access out of bounds at @address, which a checked image has found by itself. */
        void (*trap_at)(uint64_t address, uint32_t line) __attribute__((noreturn));
        /* Does not return where the call is to end. */
        void (*look)(void);
        /* Calls what the module's import number @import is bound to; parameters in, result out, in @slots, each value's bits
         * zero-extended. */
        void (*import)(uint32_t import, uint64_t *slots);
        void (*memory_new)(struct wasm_memory *memory, uint32_t pages, uint32_t max_pages);
        uint32_t (*memory_grow)(struct wasm_memory *memory, uint32_t pages); /* the pages before, or UINT32_MAX */
        /* memset and memmove for ranges of any length, which can be ended in the middle. */
        void (*fill)(void *to, int byte, uint64_t len);
        void (*copy)(void *to, const void *from, uint64_t len);
        void *(*table_new)(uint32_t entries, uint32_t entry_size);               /* all null */
        void *(*table_grow)(void *table, uint32_t entries, uint32_t entry_size); /* NULL: refused, @table as it was */
        /* A number for a signature: equal ones get equal numbers. @types is the argument of start. */
        uint32_t (*func_type)(void *types, const uint8_t *signature, uint32_t len);
};

/* Calls an export with parameters in @slots, and leaves the result in slots[0]. */
typedef void (*wasm_export)(void *instance, uint64_t *slots);

/* The one symbol of an image. */
struct wasm_image_entry {
        uint32_t abi;
        uint32_t n_imports, n_exports;
        bool checked; /* compares addresses with the memory's size, which may lie anywhere and may move as it grows */
        uint64_t instance_size;
        /* Where the image keeps its runtime: NULL until a runtime has claimed the image, which it does with a compare and exchange.
         * Two copies of Ward in one process may have loaded one file, and each needs an image of its own. */
        const struct wasm_runtime **runtime;
        void (*start)(void *types); /* once, by the claimant */
        void (*instantiate)(void *instance, struct wasm_head *head);
        struct wasm_memory *(*memory)(void *instance); /* NULL: the module exports none */
        const wasm_export *exports;                    /* by their numbers in the module; NULL for what cannot be called */
};

#endif
