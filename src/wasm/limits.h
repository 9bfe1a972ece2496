/* Bounds on a module, each with its reason. They keep what reads a module after Ward (wasm2c, the C compiler, the runtime) within
 * time, memory and stack that a host can spare, and are far above what compilers produce from programs that people write. */
#ifndef WASM_LIMITS_H
#define WASM_LIMITS_H

enum {
        /* Twice the largest interpreters built for WASI. wasm2c writes about 30 bytes of C for a byte. */
        WASM_MODULE_MAX = 64 << 20,

        /* Import and export names are those of a contract; WIT names and package versions are much shorter. */
        WASM_NAME_MAX = 1024,
        WASM_CLAIM_MAX = 4 << 20, /* a whole contract; as much as the reader of contracts takes */

        WASM_TYPES_MAX = 10000,
        /* The Canonical ABI passes 16 parameters at most; inside a module, optimisers make more out of structs. */
        WASM_PARAMS_MAX = 256,
        /* More than one only where a compiler uses multiple values. A branch copies each of them, so that a branch table of one
         * byte an entry would grow by 16 assignments at most; blocks take no more parameters than this for the same reason. */
        WASM_RESULTS_MAX = 16,

        WASM_IMPORTS_MAX = 1000,
        /* wasm2c copies its table of names for every function: 10,000 take it 3 s, 20,000 14 s. */
        WASM_FUNCTIONS_MAX = 30000,
        WASM_GLOBALS_MAX = 10000,
        WASM_EXPORTS_MAX = 30000,

        /* A table's entry takes 24 bytes of the host's memory. Bounds the initial size; the maximum is lowered to it, so that
         * growing further fails, as it may at any time. */
        WASM_TABLES_MAX = 10,
        WASM_TABLE_ENTRIES_MAX = 1000000,

        WASM_PAGES_MAX = 65536, /* 4 GiB: what 32 bits reach */

        WASM_SEGMENTS_MAX = 100000,                 /* LLVM makes one for each section of data */
        WASM_ELEMENTS_MAX = WASM_TABLE_ENTRIES_MAX, /* in all segments */

        /* The C compiler's time and memory for one function grow faster than its length. */
        WASM_BODY_MAX = 1 << 20,
        /* wasm2c makes a C variable for each local, and for each height of the operand stack and type that is seen there. The first
         * two bound their number, the third their bytes (24 for a function reference, 4 or 8 for all else), so that a function's
         * frame, with what the compiler spills, stays below WASM_FRAME_MAX. Images are compiled with -fstack-clash-protection,
         * which touches every page of a frame; should it be missing, no frame is larger than a guard of this size, and none
         * can step over it. */
        WASM_LOCALS_MAX = 2000,
        WASM_OPERANDS_MAX = 2000,
        WASM_VARIABLES_MAX = 48 << 10,
        WASM_FRAME_MAX = 64 << 10,
        /* wasm2c and the C compiler recurse for nested blocks. A switch of n cases nests n blocks. */
        WASM_DEPTH_MAX = 1000,
        WASM_BRANCHES_MAX = 65536, /* in one branch table */
};

#endif
