/* Values to and from a linear memory, by the Canonical ABI (Component Model, CanonicalABI.md: "Loading", "Storing",
 * "Flattening", "Lifting and Lowering Values"). No I/O, no knowledge of kinds.
 *
 * The caller lowers parameters into slots and memory, rings, and lifts the result; the callee lifts parameters, runs,
 * and lowers the result:
 * 1. marshal_lower_params  2. marshal_lift_params  3. marshal_lower_result  4. marshal_lift_result
 *
 * Lifting trusts nothing: offsets, lengths, alignment, tags, characters and UTF-8 are checked, every word is loaded once, and
 * strings are checked on the copy; the memory may change under it at any moment. Lifted values are malloc'd and owned
 * by the caller, who frees them with ward_value_free; on failure nothing is left to free, and @ret is untouched. @budget counts
 * down the bytes of C memory that lifting may still take, 16 more for each block, so that nested lists that share bytes cannot
 * multiply. The value to be lowered is this side's own: only what could harm or mislead the other side is checked.
 *
 * All failures are faults, whose text names function and parameter: USAGE for a bad value that was to be lowered, PROTOCOL for
 * one that was to be lifted, LIMIT for a full memory or a spent budget, SYSTEM for malloc. */
#ifndef MARSHAL_MARSHAL_H
#define MARSHAL_MARSHAL_H

#include <stdint.h>
#include <ward/fault.h>
#include <ward/value.h>

/* A linear memory of at most 4 GiB. @base and @size may change in @alloc. */
struct marshal_memory {
        uint8_t *base;
        uint64_t size;
        /* Makes room for @size bytes at alignment @align, writes the offset to @ret_at (checked again by the caller of alloc:
         * it may come from an add-in). Returns 0 or a negative fault kind. NULL where nothing is lowered. */
        int (*alloc)(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault);
        void *context; /* the allocator's own */
};

/* @args: the C argument struct, borrowed. @slots: WARD_FLAT_MAX of them; those beyond the flattening are left alone. */
int marshal_lower_params(const struct ward_func *func, const void *args, uint64_t *slots, struct marshal_memory *memory,
                         struct ward_fault *fault);
int marshal_lift_params(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory, uint64_t *budget,
                        void *args, struct ward_fault *fault);

/* The result: one flat value, or a pointer to where it lies in memory, in slots[0]. */
int marshal_lower_result(const struct ward_func *func, const void *ret, uint64_t *slots, struct marshal_memory *memory,
                         struct ward_fault *fault);
int marshal_lift_result(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory, uint64_t *budget,
                        void *ret, struct ward_fault *fault);

/* The result stored at a place that the caller chose (an import's return pointer): checked for bounds and alignment. */
int marshal_store_result(const struct ward_func *func, const void *ret, uint32_t at, struct marshal_memory *memory,
                         struct ward_fault *fault);

/* A deep copy in C memory. 0, or -WARD_FAULT_SYSTEM without memory, with nothing left to free. */
int marshal_copy(const struct ward_type *type, const void *from, void *to, struct ward_fault *fault);

#endif
