/* For tests: a contract from text, and its descriptors. */
#ifndef DYNAMIC_TEST_WORLD_H
#define DYNAMIC_TEST_WORLD_H

#include <stdlib.h>
#include <string.h>
#include "dynamic/dynamic.h"
#include "test/harness/harness.h"

struct test_world {
        struct contract *contract;
        struct dynamic *dynamic;
};

/* World `w` of @wit, whose imports nobody serves. */
static inline struct test_world test_world_new(const char *wit)
{
        struct test_world world = { 0 };
        struct contract_error error = { 0 };
        struct ward_fault fault = { 0 };
        world.contract = contract_read_text("t.wit", wit, strlen(wit), NULL, &error);
        if (!world.contract)
                fail_msg("%s", error.text);
        if (dynamic_new(world.contract, contract_world(world.contract, "w"), NULL, &world.dynamic, &fault))
                fail_msg("%s", fault.text);
        return world;
}

static inline void test_world_finish(struct test_world *world)
{
        world->dynamic = dynamic_free(world->dynamic);
        world->contract = contract_free(world->contract);
}

static inline const struct dynamic_func *test_world_func(const struct test_world *world, const char *name)
{
        uint32_t index;
        struct ward_fault fault;
        if (dynamic_find(world->dynamic, span_of(name), &index, &fault))
                fail_msg("%s", fault.text);
        return &world->dynamic->exports[index];
}

#endif
