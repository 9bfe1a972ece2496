/* Objects on both sides of a process boundary: who has them, how they end, and what a worker can lie about them. */
#include "test/process/objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/own.h"
#include "test/process/process.h"

struct thing {
        uint32_t number;
        bool destroyed;
};

enum { THINGS = 64, ARENA = 1 << 20 };

/* A host, an add-in in it, and the things that it was given. */
static struct scene {
        struct ward_host *host;
        struct ward_instance *boxes;
        struct thing things[THINGS];
        uint32_t n_things;
        uint32_t n_destroyed;
        uint32_t calls_back; /* what the next service tells the add-in to do */
} scene;

static struct ward_fault fault;

/* --- Services --------------------------------------------------------------------------------- */

static struct thing *new_thing(uint32_t number)
{
        struct thing *thing = &scene.things[scene.n_things++ % THINGS];
        *thing = (struct thing){ .number = number };
        return thing;
}

static int misbehave(uint32_t what, uint64_t box);

static void call_back(void)
{
        uint32_t what = scene.calls_back;
        scene.calls_back = 0;
        if (what)
                misbehave(what, 0);
}

static void serve_number(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        const struct thing_args *in = args;
        assert_false(in->thing->destroyed);
        *(uint32_t *)ret = in->thing->number;
        call_back();
}

static void serve_fresh(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        const struct n_args *in = args;
        *(struct thing **)ret = new_thing(in->n);
        if (in->n == BAD_ASK)
                call_back();
}

static void destroy_thing(const void *services, void *object)
{
        struct thing *thing = object;
        assert_false(thing->destroyed);
        thing->destroyed = true;
        scene.n_destroyed++;
}

static const struct ward_import imports[IMPORTS] = {
        [IMPORT_NUMBER] = { &imported[IMPORT_NUMBER], serve_number },
        [IMPORT_FRESH] = { &imported[IMPORT_FRESH], serve_fresh },
};

static const struct ward_contract_resource resources[RESOURCES] = {
        [RESOURCE_BOX] = { &resource_box, NULL },
        [RESOURCE_THING] = { &resource_thing, destroy_thing },
};

static const struct ward_func *const exports[EXPORTS] = {
        &exported[EXPORT_MAKE],  &exported[EXPORT_VALUE], &exported[EXPORT_PUT],  &exported[EXPORT_COUNT], &exported[EXPORT_MERGE],
        &exported[EXPORT_SPLIT], &exported[EXPORT_LOOK],  &exported[EXPORT_JOIN], &exported[EXPORT_ACT],   &exported[EXPORT_GIVE],
};

static const struct ward_contract contract = { .name = "test:objects/objects",
                                               .n_exports = EXPORTS,
                                               .n_imports = IMPORTS,
                                               .exports = exports,
                                               .imports = imports,
                                               .n_resources = RESOURCES,
                                               .resources = resources };

/* --- Calls ------------------------------------------------------------------------------------ */

static int call(uint32_t export, const void *args, void *ret)
{
        return ward_call(scene.boxes, export, args, ret, &fault);
}

static uint64_t make(uint32_t value)
{
        const struct n_args args = { value };
        uint64_t box = 0;
        assert_good(call(EXPORT_MAKE, &args, &box), &fault);
        return box;
}

static uint32_t value(uint64_t box)
{
        const struct box_args args = { box };
        uint32_t ret = 0;
        assert_good(call(EXPORT_VALUE, &args, &ret), &fault);
        return ret;
}

static struct thing *put(uint64_t box, struct thing *thing)
{
        const struct put_args args = { box, thing };
        struct maybe_thing ret;
        assert_good(call(EXPORT_PUT, &args, &ret), &fault);
        return ret.is_some ? ret.val : NULL;
}

static uint32_t count(void)
{
        uint32_t ret = 0;
        assert_good(call(EXPORT_COUNT, NULL, &ret), &fault);
        return ret;
}

static void release(uint64_t box)
{
        assert_good(ward_token_release(scene.host, box, &fault), &fault);
}

static int misbehave(uint32_t what, uint64_t box)
{
        struct thing *thing = new_thing(what);
        uint64_t own = box ? 0 : make(1);
        const struct act_args args = { what, box ? box : own, thing };
        uint32_t ret;
        return -call(EXPORT_ACT, &args, &ret);
}

static int give(uint32_t what, uint64_t *ret_box)
{
        const struct n_args args = { what };
        return -call(EXPORT_GIVE, &args, ret_box);
}

/* --- The stage -------------------------------------------------------------------------------- */

static void activate(const char *addin, struct ward_domain *domain)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        options.domain = domain;
        options.limits.arena_bytes = domain ? 0 : ARENA;
        assert_good(ward_activate(scene.host, addin_file(addin, WARD_PROCESS), &options, &contract, NULL, &scene.boxes, &fault),
                    &fault);
}

static void start(void)
{
        scene = (struct scene){ .host = host_start() };
        activate("objects", NULL);
}

static void finish(void)
{
        ward_release(scene.boxes);
        ward_host_free(scene.host);
}

static void check_lost(void)
{
        uint32_t ret;
        assert_int_equal(ward_domain_state(ward_instance_domain(scene.boxes)), WARD_DOMAIN_UNLOADED);
        assert_int_equal(call(EXPORT_COUNT, NULL, &ret), -WARD_FAULT_UNLOADED);
}

/* --- Honest ----------------------------------------------------------------------------------- */

TEST(boxes_live_as_long_as_they_are_held)
{
        start();
        uint64_t box = make(7), another = make(8), again;
        assert_int_equal(value(box), 7);
        assert_int_equal(value(another), 8);
        assert_int_equal(count(), 2);
        assert_good(ward_object_acquire(scene.host, box, &again, &fault), &fault);
        release(box);
        assert_int_equal(value(again), 7);
        assert_int_equal(count(), 2);
        release(again);
        assert_int_equal(count(), 1);
        assert_int_equal(ward_token_release(scene.host, again, &fault), -WARD_FAULT_USAGE);
        release(another);
        assert_int_equal(count(), 0);
        finish();
}

TEST(boxes_are_given_away_and_come_back)
{
        start();
        uint64_t boxes[] = { make(1), make(2), make(3) }, sum;
        const struct boxes_args merge = { { boxes, 3 } };
        assert_good(call(EXPORT_MERGE, &merge, &sum), &fault);
        assert_int_equal(count(), 1);
        assert_int_equal(value(sum), 6);
        assert_int_equal(ward_token_release(scene.host, boxes[0], &fault), -WARD_FAULT_USAGE);
        const struct split_args split = { sum, 4 };
        struct boxes parts;
        assert_good(call(EXPORT_SPLIT, &split, &parts), &fault);
        assert_int_equal(parts.len, 4);
        assert_int_equal(count(), 4);
        for (uint32_t i = 0; i < 4; i++) {
                assert_int_equal(value(parts.ptr[i]), 6 + i);
                release(parts.ptr[i]);
        }
        free(parts.ptr);
        assert_int_equal(count(), 0);
        finish();
}

TEST(things_are_lent_and_given)
{
        start();
        struct thing *thing = new_thing(42), *another = new_thing(43);
        const struct thing_args lent = { thing };
        uint32_t number;
        for (int i = 0; i < 1000; i++) {
                assert_good(call(EXPORT_LOOK, &lent, &number), &fault);
                assert_int_equal(number, 42);
        }
        uint64_t box = make(1);
        assert_null(put(box, thing));
        assert_ptr_equal(put(box, another), thing);
        assert_int_equal(scene.n_destroyed, 0);
        release(box);
        assert_true(another->destroyed);
        assert_false(thing->destroyed);
        finish();
        assert_int_equal(scene.n_destroyed, 1);
}

TEST(what_cannot_be_passed_changes_nothing)
{
        start();
        uint64_t box = make(1), boxes[] = { make(2), box, box }, sum, again;
        struct boxes_args merge = { { boxes, 3 } };
        assert_int_equal(call(EXPORT_MERGE, &merge, &sum), -WARD_FAULT_USAGE);
        assert_good(ward_object_acquire(scene.host, box, &again, &fault), &fault);
        merge.boxes.len = 2;
        assert_int_equal(call(EXPORT_MERGE, &merge, &sum), -WARD_FAULT_USAGE);
        release(again);
        assert_int_equal(value(boxes[0]), 2);
        assert_int_equal(value(box), 1);
        assert_good(call(EXPORT_MERGE, &merge, &sum), &fault);
        assert_int_equal(count(), 1);
        release(sum);
        finish();
}

/* It arrived, and its parts do not: nobody will ever have them. */
TEST(results_that_do_not_fit_are_dropped)
{
        start();
        uint64_t boxes[] = { make(1), make(2) };
        const struct split_args split = { boxes[0], ARENA / 2 };
        struct boxes parts;
        assert_int_equal(call(EXPORT_SPLIT, &split, &parts), -WARD_FAULT_LIMIT);
        assert_says(&fault, "arena_bytes");
        assert_int_equal(ward_token_release(scene.host, boxes[0], &fault), -WARD_FAULT_USAGE);
        assert_int_equal(count(), 1);
        release(boxes[1]);
        finish();
}

enum { MANY = 5000 };

TEST(many_objects_leave_nothing)
{
        start();
        uint64_t first = make(0);
        for (uint32_t i = 0; i < MANY; i++) {
                uint64_t box = make(i);
                put(box, new_thing(i));
                if (i % 2)
                        put(box, new_thing(i));
                release(box);
        }
        assert_int_equal(count(), 1);
        assert_int_equal(scene.n_destroyed, MANY);
        const struct split_args split = { first, MANY };
        struct boxes parts;
        assert_good(call(EXPORT_SPLIT, &split, &parts), &fault);
        assert_int_equal(count(), MANY);
        for (size_t i = 0; i < parts.len; i++)
                release(parts.ptr[i]);
        free(parts.ptr);
        assert_int_equal(count(), 0);
        finish();
}

static struct text text_of(const char *from)
{
        return (struct text){ (uint8_t *)(uintptr_t)from, strlen(from) };
}

static void check_join(const char *expected)
{
        struct text texts[] = { text_of("one"), text_of(""), text_of("über") }, ret;
        const struct texts_args args = { { texts, 3 } };
        assert_good(call(EXPORT_JOIN, &args, &ret), &fault);
        assert_int_equal(ret.len, strlen(expected));
        assert_memory_equal(ret.ptr, expected, ret.len);
        free(ret.ptr);
}

TEST(a_borrowing_addin_reads_in_place)
{
        start();
        check_join("oneüber");
        ward_release(scene.boxes);
        activate("objects_borrowing", NULL);
        check_join("+one+über");
        uint64_t boxes[] = { make(1), make(2) }, sum;
        const struct boxes_args merge = { { boxes, 2 } };
        assert_good(call(EXPORT_MERGE, &merge, &sum), &fault);
        assert_int_equal(value(sum), 3);
        put(sum, new_thing(1));
        release(sum);
        assert_int_equal(scene.n_destroyed, 1);
        finish();
}

/* --- Ends ------------------------------------------------------------------------------------- */

TEST(a_destructor_may_call_the_host)
{
        start();
        release(make(BAD_ASK));
        assert_int_equal(scene.n_destroyed, 1);
        assert_int_equal(scene.things[0].number, BAD_ASK);
        assert_int_equal(count(), 0);
        finish();
}

TEST(a_destructor_may_crash)
{
        start();
        uint64_t box = make(BAD_CRASH), other = make(1);
        put(other, new_thing(1));
        assert_int_equal(ward_token_release(scene.host, box, &fault), -WARD_FAULT_SIGNAL);
        assert_says(&fault, "add-in 'objects'");
        assert_says(&fault, "in the destructor of test:objects/boxes#box");
        check_lost();
        assert_int_equal(ward_token_release(scene.host, box, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(scene.n_destroyed, 1); /* what the add-in had */
        release(other);
        finish();
}

TEST(a_destructor_has_a_second)
{
        start();
        uint64_t box = make(BAD_SLEEP), begin = now_ms();
        assert_int_equal(ward_token_release(scene.host, box, &fault), -WARD_FAULT_DEADLINE);
        assert_says(&fault, "the destructor did not end within 1000 ms");
        assert_true(now_ms() - begin < 3000);
        check_lost();
        finish();
}

/* A call within it, without a deadline of its own, ends the domain: later than the destructor's time allows it must not. */
TEST(a_call_within_a_destructor_ends_with_it)
{
        start();
        uint64_t box = make(BAD_ASK), begin = now_ms();
        ward_instance_set_deadline(scene.boxes, 0);
        scene.calls_back = BAD_SLEEP;
        assert_int_equal(ward_token_release(scene.host, box, &fault), -WARD_FAULT_DEADLINE);
        assert_true(now_ms() - begin < 3000);
        check_lost();
        finish();
}

/* All of them together, however many there are. */
TEST(unloading_waits_a_second_for_destructors)
{
        start();
        for (int i = 0; i < 10; i++)
                make(i ? BAD_SLEEP : 1);
        uint64_t begin = now_ms();
        ward_domain_unload(ward_instance_domain(scene.boxes), &fault);
        assert_true(now_ms() - begin < 3000);
        check_lost();
        finish();
}

TEST(unloading_destroys)
{
        start();
        uint64_t box = make(BAD_ASK);
        put(box, new_thing(5));
        assert_good(ward_domain_unload(ward_instance_domain(scene.boxes), &fault), &fault);
        assert_int_equal(scene.n_destroyed, 2); /* what it held, and what its destructor made: it ran */
        assert_int_equal(scene.n_things, 2);
        check_lost();
        const struct box_args args = { box };
        uint32_t ret;
        assert_int_equal(call(EXPORT_VALUE, &args, &ret), -WARD_FAULT_UNLOADED);
        release(box);
        finish();
}

TEST(a_crash_takes_everything_with_it)
{
        start();
        uint64_t box = make(1);
        put(box, new_thing(1));
        assert_int_equal(misbehave(BAD_CRASH, box), WARD_FAULT_SIGNAL);
        check_lost();
        assert_true(scene.things[0].destroyed);
        assert_int_equal(scene.n_destroyed, 1); /* not what was only lent */
        release(box);
        finish();
}

TEST(an_addin_leaves_a_domain_with_its_objects)
{
        start();
        struct ward_domain *domain = ward_instance_domain(scene.boxes);
        struct ward_instance *first = scene.boxes;
        for (int i = 0; i < 50; i++) {
                activate("objects", domain);
                uint64_t box = make(BAD_ASK);
                put(box, new_thing(1));
                ward_release(scene.boxes);
                assert_int_equal(value(box), BAD_ASK); /* it holds its add-in */
                release(box);
        }
        assert_int_equal(scene.n_destroyed, 100);
        scene.boxes = first;
        assert_int_equal(count(), 0);
        finish();
}

/* --- Misuse, and lies ------------------------------------------------------------------------- */

static void check_bad(uint32_t what, const char *says)
{
        start();
        uint64_t box = make(1), other;
        put(box, new_thing(1));
        scene.calls_back = what == BAD_LEND ? BAD_DROP_LENT : 0;
        int kind = what == BAD_GIVE_NONE ? give(what, &other) : misbehave(what, box);
        if (kind != WARD_FAULT_PROTOCOL && kind != WARD_FAULT_UNLOADED)
                fail_msg("bad %u: %d", what, kind);
        assert_says(&fault, "add-in 'objects'");
        assert_says(&fault, says);
        check_lost();
        assert_true(scene.things[0].destroyed);
        release(box);
        finish();
}

TEST(misuse_of_handles_costs_the_domain)
{
        check_bad(BAD_DROP, "dropping a handle: object 1 of resource 'test:objects/boxes#box' belongs to the host");
        check_bad(BAD_DROP_NONE, "dropping a handle: 12345 is no handle of resource 'test:objects/boxes#box'");
        check_bad(BAD_DROP_TWICE, "dropping a handle: 2 is no handle of resource");
        check_bad(BAD_DROP_NO_THING, "dropping a handle: 12345 is no handle of 'test:objects/things#thing'");
        check_bad(BAD_RESOURCE, "dropping a handle: the add-in has no resource 77");
        check_bad(BAD_NEW, "making an object: the add-in has no resource 1 of its own");
        check_bad(BAD_REP, "looking for an object: object 1 of resource 'test:objects/boxes#box' belongs to the host");
        check_bad(BAD_KEEP, "which it was lent for the call");
        check_bad(BAD_LEND, "is lent to a call that is not over");
        check_bad(BAD_GIVE_NONE, "give: the result: 12345 is no handle");
}

TEST(an_own_is_given_once)
{
        uint64_t box, again;
        start();
        assert_int_equal(give(BAD_GIVE_OWN, &box), 0);
        assert_int_equal(give(BAD_GIVE_TWICE, &again), WARD_FAULT_PROTOCOL);
        assert_says(&fault, "give: the result: object 1 of resource 'test:objects/boxes#box' belongs to the host");
        check_lost();
        finish();
        start();
        assert_int_equal(give(BAD_GIVE_OWN, &box), 0);
        assert_int_equal(give(BAD_SAY_NUMBER, &again), WARD_FAULT_PROTOCOL);
        assert_says(&fault, "object 1 of 'test:objects/boxes#box' is handed out, but the host holds it already");
        check_lost();
        finish();
}

TEST(lies_about_handles_cost_the_domain)
{
        static const char *const says[SAYS] = {
                [SAY_DROP_NONE] = "77 is no handle of 'test:objects/things#thing'",
                [SAY_DROP_ZERO] = "0 is no handle",
                [SAY_DROP_LARGE] = "is no handle",
                [SAY_DROP_BOX] = "dropping a handle",
                [SAY_DROP_BEYOND] = "which there is not",
                [SAY_DROP_FAR_BEYOND] = "which there is not",
                [SAY_OTHER_INSTANCE] = "which this call is not of",
                [SAY_BORROW_NONE] = "number: parameter 1: 99 is no handle",
                [SAY_CALL] = "the worker answered with message",
                [SAY_LOADED] = "the worker answered with message",
                [SAY_UNLOADED] = "the worker answered with message",
                [SAY_IMPORT_RETURN] = "the worker answered with message",
        };
        for (uint32_t i = 0; i < SAYS; i++)
                check_bad(BAD_SAY + i, says[i]);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(boxes_live_as_long_as_they_are_held), TEST_CASE(boxes_are_given_away_and_come_back),
                         TEST_CASE(things_are_lent_and_given), TEST_CASE(what_cannot_be_passed_changes_nothing),
                         TEST_CASE(results_that_do_not_fit_are_dropped), TEST_CASE_LONG(many_objects_leave_nothing, 60),
                         TEST_CASE(a_borrowing_addin_reads_in_place), TEST_CASE(a_destructor_may_call_the_host),
                         TEST_CASE(a_destructor_may_crash), TEST_CASE(a_destructor_has_a_second),
                         TEST_CASE(a_call_within_a_destructor_ends_with_it), TEST_CASE(unloading_waits_a_second_for_destructors),
                         TEST_CASE(unloading_destroys), TEST_CASE(a_crash_takes_everything_with_it),
                         TEST_CASE(an_addin_leaves_a_domain_with_its_objects), TEST_CASE(misuse_of_handles_costs_the_domain),
                         TEST_CASE(an_own_is_given_once), TEST_CASE_LONG(lies_about_handles_cost_the_domain, 60));
}
