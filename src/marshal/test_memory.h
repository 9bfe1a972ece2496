/* For tests: a memory, and a table of handles. */
#ifndef MARSHAL_TEST_MEMORY_H
#define MARSHAL_TEST_MEMORY_H

#include <stdint.h>
#include "marshal/marshal.h"

extern const struct ward_resource test_resource;

/* Handles of a table that is none: every number below HANDLES_MAX is one, and the C form follows from it and the C type. */
enum { HANDLES_MAX = 1 << 16 };
struct test_handles {
        struct marshal_handles handles;
        unsigned lowered, lifted;
};
void test_handles_init(struct test_handles *handles);
/* The C form of handle @number, and the number of the C form at @at. */
uint64_t handle_form(const struct ward_type *type, uint32_t number);
uint32_t handle_number(const struct ward_type *type, const void *at);

/* A memory that grows as it is needed, and moves each time, so that a pointer kept across is a use after free. */
struct test_memory {
        struct marshal_memory memory;
        struct test_handles handles;
        uint64_t used;
        unsigned left; /* allocations that will succeed */
};

/* Its strings are UTF-8 until memory.encoding says otherwise. */
void test_memory_init(struct test_memory *memory, uint64_t size);
void test_memory_finish(struct test_memory *memory);

#endif
