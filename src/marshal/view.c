#include <stdlib.h>

#include "marshal/lift.h"

/* A block that did not fit into the small room. */
struct large {
        struct large *next;
        _Alignas(16) uint8_t bytes[];
};

void *scratch_take(struct marshal_scratch *scratch, uint64_t bytes)
{
        if (bytes <= MARSHAL_SCRATCH_SMALL - scratch->used) {
                void *small = scratch->small + scratch->used;
                scratch->used += (uint32_t)(bytes + 15) & ~15u;
                return small;
        }
        struct large *large = malloc(sizeof *large + bytes);
        if (!large)
                return NULL;
        large->next = scratch->blocks;
        scratch->blocks = large;
        return large->bytes;
}

void marshal_scratch_finish(struct marshal_scratch *scratch)
{
        for (struct large *large = scratch->blocks, *next; large; large = next) {
                next = large->next;
                free(large);
        }
        scratch->blocks = NULL;
        scratch->used = 0;
}

int marshal_view_params(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory,
                        struct marshal_scratch *scratch, void *args, struct ward_fault *fault)
{
        struct lift lift = { memory, NULL, scratch, { func->name, 0, fault } };
        return lift_params(&lift, func, slots, args);
}
