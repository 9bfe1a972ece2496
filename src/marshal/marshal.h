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

#include <stdbool.h>
#include <stdint.h>
#include <ward/fault.h>
#include <ward/value.h>

/* How handles cross: C forms (see <ward/value.h>) on this side, numbers on the boundary. Both check what they are given; a call
 * that fails has to undo what they did, which is not marshal's business. @fault's text begins with what is wrong; "FUNCTION:
 * parameter 2: " is put before it. */
struct marshal_handles {
        /* The C value at @from, an own or borrow of @type, becomes a number. 0 or a negative fault kind: USAGE. */
        int (*lower)(void *context, const struct ward_type *type, const void *from, uint32_t *ret_number, struct ward_fault *fault);
        /* The other way; writes type->size bytes at @to. 0 or a negative fault kind: PROTOCOL. */
        int (*lift)(void *context, const struct ward_type *type, uint32_t number, void *to, struct ward_fault *fault);
        void *context;
};

enum marshal_encoding {
        MARSHAL_UTF8 = 0,
        MARSHAL_UTF16 = 1,
};

/* A linear memory of at most 4 GiB. @base and @size may change in @alloc. */
struct marshal_memory {
        uint8_t *base;
        uint64_t size;
        /* Makes room for @size bytes at alignment @align, writes the offset to @ret_at (checked again by the caller of alloc:
         * it may come from an add-in). Returns 0 or a negative fault kind. NULL where nothing is lowered. */
        int (*alloc)(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault);
        void *context;                         /* the allocator's own */
        enum marshal_encoding encoding;        /* of strings in the memory; in C each string type has its own */
        const struct marshal_handles *handles; /* NULL where no type has any */
        /* Where the @len bytes at @data are in the memory, if they lie there already and may be passed as they are: 0; 1: they do
         * not, or are to be copied; or a negative fault kind. NULL: nothing does. */
        int (*find)(struct marshal_memory *memory, const void *data, uint64_t len, uint32_t *ret_at, struct ward_fault *fault);
        /* Lowering: whether somebody sees to it later that the @len bytes at @data, which are the caller's for the whole call, are
         * copied to @at. NULL: nobody does. */
        bool (*later)(struct marshal_memory *memory, uint32_t at, const void *data, uint64_t len);
        /* Lifting: returns when the @len bytes at @at are there, which may be in a block that was to be copied later. NULL: all is.
         */
        void (*await)(const struct marshal_memory *memory, uint32_t at, uint64_t len);
        bool trusted; /* by who lifts: the text of strings was checked by who lowered it */
        uint32_t low; /* what lies below cannot be read or written: nothing that has bytes is there */
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

/* The parameters as const views, for a callee that borrows them and trusts the memory, which must not change while it does: what
 * has the same form in memory as in C (strings in the memory's encoding, lists of WARD_TYPE_PLAIN elements) is pointed at where it
 * lies, the rest is made in @scratch. All is checked for bounds, but what the trusted side checked when it lowered it, the text of
 * strings above all, is not checked again. Nothing in @args is to be freed; scratch_finish frees what was made, after a failure
 * too. */
struct marshal_scratch;
int marshal_view_params(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory,
                        struct marshal_scratch *scratch, void *args, struct ward_fault *fault);

/* Blocks of C memory that are freed together; small ones cost no malloc. @blocks and @used are 0 at first, @small need not be. */
enum { MARSHAL_SCRATCH_SMALL = 1024 };
struct marshal_scratch {
        void *blocks;
        uint32_t used;
        _Alignas(16) uint8_t small[MARSHAL_SCRATCH_SMALL];
};
void marshal_scratch_finish(struct marshal_scratch *scratch);

/* A deep copy in C memory, from one side's form to the other's within one process: handles cross by @lower of the one and @lift of
 * the other, strings are recoded where the sides differ. @from_type and @to_type describe the same type of a contract; they may be
 * one, and the handles NULL where there are none. What need not be converted is copied as it is, unchecked. 0, or a fault with
 * nothing left to free: USAGE for what cannot be converted, SYSTEM without memory, or what the handles say. */
int marshal_copy(const struct ward_type *from_type, const void *from, const struct marshal_handles *lower,
                 const struct ward_type *to_type, void *to, const struct marshal_handles *lift, struct ward_fault *fault);

/* Every `own` that the C value at @value holds, wherever in it, for who has to see what becomes of them: @at is the handle's C
 * form. The value may be one that could not be passed: a list at NULL has no elements, a case that is none no payload. */
void marshal_each_own(const struct ward_type *type, const void *value,
                      void (*each)(void *context, const struct ward_type *type, const void *at), void *context);

#endif
