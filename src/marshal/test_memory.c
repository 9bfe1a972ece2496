#include "marshal/test_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "marshal/layout.h"

const struct ward_resource test_resource = { "t:t/t#r", 0, true };

uint64_t handle_form(const struct ward_type *type, uint32_t number)
{
        return type->size == 4 ? number ^ 0x5a5a0000u : (uint64_t)number << 20 | 0xabcde;
}

uint32_t handle_number(const struct ward_type *type, const void *at)
{
        uint64_t form = bits_read(at, type->size);
        return type->size == 4 ? (uint32_t)form ^ 0x5a5a0000u : (uint32_t)(form >> 20);
}

static int lower_handle(void *context, const struct ward_type *type, const void *from, uint32_t *ret_number,
                        struct ward_fault *fault)
{
        uint32_t number = handle_number(type, from);
        if (number >= HANDLES_MAX)
                return fault_set(fault, WARD_FAULT_USAGE, "%u is no object of %s", number, type->resource->name);
        ((struct test_handles *)context)->lowered++;
        *ret_number = number;
        return 0;
}

static int lift_handle(void *context, const struct ward_type *type, uint32_t number, void *to, struct ward_fault *fault)
{
        if (number >= HANDLES_MAX)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "%u is no handle of %s", number, type->resource->name);
        ((struct test_handles *)context)->lifted++;
        bits_write(to, type->size, handle_form(type, number));
        return 0;
}

void test_handles_init(struct test_handles *handles)
{
        *handles = (struct test_handles){ { lower_handle, lift_handle, handles }, 0, 0 };
}

/* --- A memory --------------------------------------------------------------------------------- */

static int grow_and_move(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        struct test_memory *own = memory->context;
        if (!own->left)
                return fault_set(fault, WARD_FAULT_LIMIT, "the memory is full");
        own->left--;
        uint64_t at = (own->used + align - 1) / align * align;
        uint64_t needed = at + size > memory->size ? at + size : memory->size;
        uint8_t *base = malloc(needed ? needed : 1);
        if (!base)
                abort();
        memset(base, 0xee, needed);
        if (memory->size)
                memcpy(base, memory->base, memory->size);
        free(memory->base);
        memory->base = base;
        memory->size = needed;
        own->used = at + size;
        *ret_at = (uint32_t)at;
        return 0;
}

void test_memory_init(struct test_memory *memory, uint64_t size)
{
        *memory = (struct test_memory){ .memory = { .alloc = grow_and_move, .context = memory, .size = size }, .left = UINT32_MAX };
        test_handles_init(&memory->handles);
        memory->memory.handles = &memory->handles.handles;
        memory->memory.base = calloc(1, size ? size : 1);
        if (!memory->memory.base)
                abort();
}

void test_memory_finish(struct test_memory *memory)
{
        free(memory->memory.base);
}
