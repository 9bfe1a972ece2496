/* Lifts from slots and memory that are the input: a byte that chooses the type, a byte that says how many of the 8-byte slots
 * follow and, in its top bit, how strings are encoded, the slots, and the memory. What could be lifted is lowered again, copied to
 * the other side and freed. */
#include <stdlib.h>
#include <string.h>

#include "marshal/test_values.h"

enum { BUDGET = 1 << 20, CHOSEN_TYPES = 128 }; /* a first byte beyond them is where a random type begins */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIST_OF(...) ((const struct ward_type *const[]){ __VA_ARGS__ })

static const struct ward_type *chosen_type(struct types *t, unsigned choice)
{
        const struct ward_type *u8 = types_int(t, 1, false), *s16 = types_int(t, 2, true), *u64 = types_int(t, 8, false);
        const struct ward_type *string = types_string(t), *character = types_char(t), *f64 = types_float(t, 8);
        const struct ward_type *pair = types_record(t, 2, LIST_OF(s16, string));
        const struct ward_type *result = types_result(t, f64, string), *flags = types_flags(t, 37);
        const struct ward_type *own = types_handle(t, WARD_TYPE_OWN, &test_resource, 8);
        const struct ward_type *borrow = types_handle(t, WARD_TYPE_BORROW, &test_resource, 4);
        const struct ward_type *choices[] = {
                string,
                types_list(t, u8),
                types_list(t, f64),
                types_list(t, types_list(t, types_list(t, u8))),
                types_list(t, pair),
                types_list(t, character),
                types_list(t, types_bool(t)),
                types_option(t, types_list(t, string)),
                types_list(t, result),
                types_variant(t, 5, LIST_OF(string, types_record(t, 2, LIST_OF(types_float(t, 4), u64)), NULL, pair, character)),
                types_list(t, types_variant(t, 300, NULL)),
                types_list(t, types_option(t, types_option(t, types_record(t, 3, LIST_OF(u8, character, pair))))),
                types_list(t, flags),
                types_list(t, types_flags(t, 11)),
                types_list(t, types_string16(t)),
                types_array(t, types_string16(t), 3),
                types_list(t, types_array(t, types_option(t, character), 2)),
                types_list(t, own),
                types_variant(t, 3, LIST_OF(own, types_list(t, borrow), flags)),
                types_list(t, types_record(t, 4, LIST_OF(u8, flags, borrow, types_string16(t)))),
                types_list(t, types_empty(t, 0)),
                types_list(t, types_list(t, types_empty(t, 1))),
        };
        return choices[choice % (sizeof choices / sizeof choices[0])];
}

static const struct ward_type *type_of(struct types *t, unsigned choice)
{
        uint64_t seed = choice * 0x9e3779b97f4a7c15u;
        return choice < CHOSEN_TYPES ? chosen_type(t, choice) : random_type(t, &seed, 3);
}

static void expect(bool good)
{
        if (!good)
                abort();
}

/* What was lifted is well formed, so it can be lowered, viewed and copied. */
static void use(const struct ward_func *func, const struct ward_func *there, const void *args)
{
        struct test_memory m;
        struct marshal_scratch scratch = { .blocks = NULL };
        uint64_t slots[WARD_FLAT_MAX];
        void *copy = value_new(there->params), *view = value_new(func->params);
        test_memory_init(&m, 0);
        expect(value_is_well_formed(func->params, args));
        expect(!marshal_lower_params(func, args, slots, &m.memory, NULL));
        expect(!marshal_view_params(func, slots, &m.memory, &scratch, view, NULL));
        expect(values_equal(func->params, args, func->params, view));
        expect(!marshal_copy(func->params, args, m.memory.handles, there->params, copy, m.memory.handles, NULL));
        expect(values_equal(func->params, args, there->params, copy));
        marshal_scratch_finish(&scratch);
        test_memory_finish(&m);
        value_free(there->params, copy);
        free(view);
}

static void lift(struct types *t, const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory)
{
        void *args = value_new(func->params), *ret = value_new(func->result);
        uint64_t budget = BUDGET, again[WARD_FLAT_MAX];
        struct ward_fault fault;
        struct test_memory m;
        int r = marshal_lift_params(func, slots, memory, &budget, args, &fault);
        expect(!r || r == -WARD_FAULT_PROTOCOL || r == -WARD_FAULT_LIMIT);
        if (!r)
                use(func, types_func_other_side(t, func), args);
        if (!r)
                ward_value_free(func->params, args);
        test_memory_init(&m, 0);
        if (!marshal_lift_result(func, slots, memory, &budget, ret, &fault)) {
                expect(!marshal_lower_result(func, ret, again, &m.memory, NULL));
                ward_value_free(func->result, ret);
        }
        test_memory_finish(&m);
        free(args);
        free(ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint64_t slots[WARD_FLAT_MAX] = { 0 };
        struct test_handles handles;
        if (size < 2)
                return 0;
        size_t n_bytes = 8 * (size_t)((data[1] & 0x7f) % (WARD_FLAT_MAX + 1));
        if (n_bytes > size - 2)
                n_bytes = size - 2;
        memcpy(slots, data + 2, n_bytes);
        size_t len = size - 2 - n_bytes;
        uint8_t *bytes = malloc(len ? len : 1); /* exactly as long, so that a sanitizer sees reads past it */
        if (len)
                memcpy(bytes, data + 2 + n_bytes, len);
        test_handles_init(&handles);
        struct types *t = types_new();
        const struct ward_type *type = type_of(t, data[0]);
        struct marshal_memory memory = { .base = bytes, .size = len, .handles = &handles.handles };
        memory.encoding = data[1] & 0x80 ? MARSHAL_UTF16 : MARSHAL_UTF8;
        lift(t, types_func(t, 1, &type, type), slots, &memory);
        types_free(t);
        free(bytes);
        return 0;
}
