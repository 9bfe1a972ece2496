/* Lifts from slots and memory that are the input: a byte that chooses the type, a byte that says how many of the 8-byte slots
 * follow, the slots, and the memory. What could be lifted is lowered again, copied and freed. */
#include <stdlib.h>
#include <string.h>

#include "marshal/marshal.h"
#include "marshal/test_types.h"

enum { BUDGET = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIST_OF(...) ((const struct ward_type *const[]){ __VA_ARGS__ })

static const struct ward_type *type_of(struct types *t, unsigned choice)
{
        const struct ward_type *u8 = types_int(t, 1, false), *s16 = types_int(t, 2, true), *u64 = types_int(t, 8, false);
        const struct ward_type *string = types_string(t), *character = types_char(t), *f64 = types_float(t, 8);
        const struct ward_type *pair = types_record(t, 2, LIST_OF(s16, string));
        const struct ward_type *result = types_result(t, f64, string);
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
        };
        return choices[choice % (sizeof choices / sizeof choices[0])];
}

/* What was lifted is well formed, so it can be lowered and copied. */
static void use(const struct ward_func *func, void *args, void *copy)
{
        struct test_memory memory;
        uint64_t slots[WARD_FLAT_MAX];
        test_memory_init(&memory, 0);
        if (marshal_lower_params(func, args, slots, &memory.memory, NULL) ||
            marshal_copy(func->params, args, NULL, func->params, copy, NULL, NULL) || !values_equal(func->params, args, copy))
                abort();
        test_memory_finish(&memory);
        ward_value_free(func->params, copy);
        ward_value_free(func->params, args);
}

static void lift(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory)
{
        void *args = calloc(1, func->params->size), *copy = calloc(1, func->params->size);
        uint64_t budget = BUDGET;
        struct ward_fault fault;
        int r = marshal_lift_params(func, slots, memory, &budget, args, &fault);
        if (!r)
                use(func, args, copy);
        else if (r != -WARD_FAULT_PROTOCOL && r != -WARD_FAULT_LIMIT)
                abort();
        r = marshal_lift_result(func, slots, memory, &budget, args, &fault);
        if (!r)
                ward_value_free(func->result, args);
        free(args);
        free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint64_t slots[WARD_FLAT_MAX] = { 0 };
        if (size < 2)
                return 0;
        size_t n_bytes = 8 * (size_t)(data[1] % (WARD_FLAT_MAX + 1));
        if (n_bytes > size - 2)
                n_bytes = size - 2;
        memcpy(slots, data + 2, n_bytes);
        size_t len = size - 2 - n_bytes;
        uint8_t *bytes = malloc(len ? len : 1); /* exactly as long, so that a sanitizer sees reads past it */
        if (len)
                memcpy(bytes, data + 2 + n_bytes, len);
        struct types *t = types_new();
        const struct ward_type *type = type_of(t, data[0]);
        lift(types_func(t, 1, &type, type), slots, &(struct marshal_memory){ .base = bytes, .size = len });
        types_free(t);
        free(bytes);
        return 0;
}
