/* The table of an add-in's own objects, and the matching of resources. */
#include "native/reps.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "native/native.h"
#include "test/harness/harness.h"

enum { BAG, BOX, DRAWER };

static const struct ward_resource bag = { "a:b/c#bag", BAG, true };
static const struct ward_resource box = { "a:b/c#box", BOX, true };
static const struct ward_resource drawer = { "a:b/d#drawer", DRAWER, false };

static void *destroyed[4];
static unsigned n_destroyed;

static void destroy(void *object)
{
        destroyed[n_destroyed++ % 4] = object;
}

static const struct ward_addin_resource resources[] = { { &bag, destroy }, { &box, destroy }, { &drawer, NULL } };
static const struct ward_addin addin = { .abi = WARD_ADDIN_ABI, .contract = "a:b/w", .n_resources = 3, .resources = resources };

#define HANDLE(kind_, resource_)                                                                                                   \
        {                                                                                                                          \
                .kind = kind_, .abi_size = 4, .abi_align = 4, .size = 4, .flat = 1, .resource = resource_                          \
        }
static const struct ward_type own_bag = HANDLE(WARD_TYPE_OWN, &bag), own_box = HANDLE(WARD_TYPE_OWN, &box),
                              lent_bag = HANDLE(WARD_TYPE_BORROW, &bag), own_drawer = HANDLE(WARD_TYPE_OWN, &drawer),
                              lent_drawer = HANDLE(WARD_TYPE_BORROW, &drawer);

static struct ward_fault fault;
static char objects[2];

static struct reps *fresh(void)
{
        struct reps *reps = NULL;
        n_destroyed = 0;
        assert_int_equal(reps_new(&addin, &reps, &fault), 0);
        return reps;
}

static int32_t add(struct reps *reps, uint32_t resource, void *object)
{
        int32_t handle = 0;
        assert_int_equal(reps_add(reps, resource, object, &handle, &fault), 0);
        return handle;
}

static void says(const char *text)
{
        if (!strstr(fault.text, text))
                fail_msg("'%s' does not say '%s'", fault.text, text);
}

static int give(struct reps_crossing *crossing, const struct ward_type *type, int32_t handle)
{
        uint32_t number = 0;
        int r = crossing->handles.lower(crossing->handles.context, type, &handle, &number, &fault);
        if (!r)
                assert_int_equal(number, handle);
        return r;
}

static int take(struct reps_crossing *crossing, const struct ward_type *type, uint32_t number, int32_t *ret_handle)
{
        return crossing->handles.lift(crossing->handles.context, type, number, ret_handle, &fault);
}

/* One call that gives the host @handle. */
static void hand_over(struct reps *reps, const struct ward_type *type, int32_t handle)
{
        struct reps_crossing crossing;
        reps_crossing_begin(&crossing, reps);
        assert_int_equal(give(&crossing, type, handle), 0);
        reps_crossing_end(&crossing, true);
}

TEST(objects_are_numbered)
{
        struct reps *reps = fresh();
        void *object = NULL;
        assert_int_equal(add(reps, BAG, &objects[0]), 1);
        assert_int_equal(add(reps, BOX, NULL), 2);
        assert_int_equal(add(reps, BAG, &objects[1]), 3);
        assert_int_equal(reps_object(reps, BAG, 3, &object, &fault), 0);
        assert_ptr_equal(object, &objects[1]);
        assert_int_equal(reps_object(reps, BOX, 2, &object, &fault), 0);
        assert_null(object);
        assert_int_equal(reps_drop(reps, BAG, 1, &fault), 0);
        assert_int_equal(reps_drop(reps, BOX, 2, &fault), 0);
        assert_int_equal(n_destroyed, 2);
        assert_ptr_equal(destroyed[0], &objects[0]);
        assert_int_equal(add(reps, BOX, NULL), 2); /* the last one freed comes first */
        assert_int_equal(add(reps, BOX, NULL), 1);
        assert_int_equal(add(reps, BOX, NULL), 4);
        reps_free(reps);
        assert_int_equal(n_destroyed, 2);
        assert_null(reps_free(NULL));
}

TEST(what_is_no_handle_is_refused)
{
        static const int32_t bad[] = { 0, -1, 2, 16, INT32_MAX, INT32_MIN };
        struct reps *reps = fresh();
        void *object;
        assert_int_equal(reps_object(reps, BAG, 1, &object, &fault), -WARD_FAULT_PROTOCOL); /* an empty table */
        int32_t handle = add(reps, BAG, &objects[0]);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                assert_int_equal(reps_object(reps, BAG, bad[i], &object, &fault), -WARD_FAULT_PROTOCOL);
                says("is no handle of resource 'a:b/c#bag'");
                assert_int_equal(reps_drop(reps, BAG, bad[i], &fault), -WARD_FAULT_PROTOCOL);
                assert_int_equal(reps_destroy(reps, BAG, (uint32_t)bad[i], &fault), -WARD_FAULT_PROTOCOL);
        }
        assert_int_equal(reps_drop(reps, BOX, handle, &fault), -WARD_FAULT_PROTOCOL);
        says("handle 1 is one of resource 'a:b/c#bag', not of 'a:b/c#box'");
        assert_int_equal(reps_drop(reps, DRAWER, handle, &fault), -WARD_FAULT_PROTOCOL);
        assert_int_equal(reps_drop(reps, 3, handle, &fault), -WARD_FAULT_PROTOCOL);
        assert_int_equal(reps_add(reps, DRAWER, NULL, &handle, &fault), -WARD_FAULT_PROTOCOL);
        assert_int_equal(reps_add(reps, UINT32_MAX, NULL, &handle, &fault), -WARD_FAULT_PROTOCOL);
        assert_int_equal(n_destroyed, 0);
        assert_int_equal(reps_drop(reps, BAG, handle, &fault), 0);
        assert_int_equal(reps_drop(reps, BAG, handle, &fault), -WARD_FAULT_PROTOCOL);
        reps_free(reps);
}

TEST(an_object_has_one_owner)
{
        struct reps *reps = fresh();
        int32_t handle = add(reps, BAG, &objects[0]), back = 0;
        void *object = NULL;
        struct reps_crossing crossing;
        assert_int_equal(reps_destroy(reps, BAG, (uint32_t)handle, &fault), -WARD_FAULT_PROTOCOL);
        says("belongs to the add-in");
        hand_over(reps, &own_bag, handle);
        assert_int_equal(reps_object(reps, BAG, handle, &object, &fault), -WARD_FAULT_PROTOCOL);
        says("belongs to the host");
        assert_int_equal(reps_drop(reps, BAG, handle, &fault), -WARD_FAULT_PROTOCOL);
        reps_crossing_begin(&crossing, reps);
        assert_int_equal(give(&crossing, &own_bag, handle), -WARD_FAULT_USAGE);
        assert_int_equal(crossing.handles.lift(crossing.handles.context, &lent_bag, (uint32_t)handle, &object, &fault), 0);
        assert_ptr_equal(object, &objects[0]);
        assert_int_equal(take(&crossing, &own_bag, (uint32_t)handle, &back), 0);
        assert_int_equal(back, handle);
        reps_crossing_end(&crossing, true);
        assert_int_equal(reps_object(reps, BAG, back, &object, &fault), 0);
        hand_over(reps, &own_bag, back);
        assert_int_equal(n_destroyed, 0);
        assert_int_equal(reps_destroy(reps, BAG, (uint32_t)back, &fault), 0);
        assert_int_equal(n_destroyed, 1);
        assert_int_equal(reps_destroy(reps, BAG, (uint32_t)back, &fault), -WARD_FAULT_PROTOCOL);
        reps_free(reps);
}

TEST(nothing_crosses_twice)
{
        struct reps *reps = fresh();
        int32_t handle = add(reps, BAG, &objects[0]), back;
        void *object;
        struct reps_crossing crossing, other;
        reps_crossing_begin(&crossing, reps);
        reps_crossing_begin(&other, reps);
        assert_int_equal(give(&crossing, &own_bag, handle), 0);
        assert_int_equal(give(&crossing, &own_bag, handle), -WARD_FAULT_USAGE);
        says("is being passed already");
        assert_int_equal(take(&other, &own_bag, (uint32_t)handle, &back), -WARD_FAULT_PROTOCOL);
        assert_int_equal(reps_object(reps, BAG, handle, &object, &fault), -WARD_FAULT_PROTOCOL);
        assert_int_equal(reps_drop(reps, BAG, handle, &fault), -WARD_FAULT_PROTOCOL);
        assert_int_equal(reps_destroy(reps, BAG, (uint32_t)handle, &fault), -WARD_FAULT_PROTOCOL);
        reps_crossing_end(&other, true);
        reps_crossing_end(&crossing, true);
        assert_int_equal(reps_destroy(reps, BAG, (uint32_t)handle, &fault), 0);
        reps_free(reps);
}

TEST(what_does_not_arrive_is_its_senders)
{
        struct reps *reps = fresh();
        int32_t mine = add(reps, BAG, &objects[0]), hosts = add(reps, BOX, &objects[1]), back;
        struct reps_crossing crossing;
        hand_over(reps, &own_box, hosts);
        reps_crossing_begin(&crossing, reps);
        assert_int_equal(give(&crossing, &own_bag, mine), 0);
        assert_int_equal(take(&crossing, &own_box, (uint32_t)hosts, &back), 0);
        reps_crossing_end(&crossing, false);
        assert_int_equal(reps_drop(reps, BAG, mine, &fault), 0);
        assert_int_equal(reps_destroy(reps, BOX, (uint32_t)hosts, &fault), 0);
        assert_int_equal(n_destroyed, 2);
        reps_free(reps);
}

TEST(wrong_handles_do_not_cross)
{
        struct reps *reps = fresh();
        int32_t handle = add(reps, BAG, &objects[0]), back;
        void *object = &objects[0];
        uint32_t number;
        struct reps_crossing crossing;
        reps_crossing_begin(&crossing, reps);
        assert_int_equal(give(&crossing, &own_box, handle), -WARD_FAULT_USAGE);
        assert_int_equal(give(&crossing, &own_bag, 77), -WARD_FAULT_USAGE);
        assert_int_equal(take(&crossing, &own_bag, (uint32_t)handle, &back), -WARD_FAULT_PROTOCOL);
        assert_int_equal(take(&crossing, &lent_bag, (uint32_t)handle, &back), -WARD_FAULT_PROTOCOL);
        assert_int_equal(crossing.handles.lower(crossing.handles.context, &lent_bag, &object, &number, &fault), -WARD_FAULT_USAGE);
        reps_crossing_end(&crossing, true);
        reps_free(reps);
}

TEST(the_hosts_handles_pass_as_they_are)
{
        struct reps *reps = fresh();
        struct reps_crossing crossing;
        int32_t back = 0;
        reps_crossing_begin(&crossing, reps);
        assert_int_equal(give(&crossing, &own_drawer, 12345), 0);
        assert_int_equal(give(&crossing, &lent_drawer, 12345), 0);
        assert_int_equal(take(&crossing, &own_drawer, 7, &back), 0);
        assert_int_equal(back, 7);
        assert_int_equal(take(&crossing, &lent_drawer, UINT32_MAX, &back), 0);
        assert_int_equal(back, -1);
        reps_crossing_end(&crossing, true);
        reps_free(reps);
}

static struct reps *dropping_in;
static int32_t inner;

static void destroy_with_inner(void *object)
{
        n_destroyed++;
        if (!object)
                return;
        assert_int_equal(reps_drop(dropping_in, BAG, inner, &fault), 0);
        add(dropping_in, BAG, NULL);
}

TEST(a_destructor_drops_what_is_within)
{
        const struct ward_addin_resource one[] = { { &bag, destroy_with_inner } };
        const struct ward_addin nesting = { .n_resources = 1, .resources = one };
        n_destroyed = 0;
        assert_int_equal(reps_new(&nesting, &dropping_in, &fault), 0);
        inner = add(dropping_in, BAG, NULL);
        int32_t outer = add(dropping_in, BAG, &objects[0]);
        assert_int_equal(reps_drop(dropping_in, BAG, outer, &fault), 0);
        assert_int_equal(n_destroyed, 2);
        reps_free(dropping_in);
}

TEST(many_objects)
{
        enum { MANY = 100000 };
        struct reps *reps = fresh();
        for (int32_t i = 1; i <= MANY; i++)
                assert_int_equal(add(reps, BAG, NULL), i);
        for (int32_t i = 1; i <= MANY; i++)
                assert_int_equal(reps_drop(reps, BAG, i, &fault), 0);
        for (int32_t i = MANY; i > 0; i--)
                assert_int_equal(add(reps, BAG, NULL), i);
        reps_free(reps);
}

enum { THREADS = 4, ROUNDS = 20000 };

static _Atomic unsigned n_freed;

static void free_counted(void *object)
{
        n_freed++;
        free(object);
}

/* Each has objects of its own, which go to the host and are destroyed. */
static void *make_and_destroy(void *data)
{
        struct reps *reps = data;
        struct ward_fault own;
        for (int i = 0; i < ROUNDS; i++) {
                struct reps_crossing crossing;
                uint32_t number;
                int32_t handle;
                void *object = malloc(1), *found = NULL;
                if (reps_add(reps, BAG, object, &handle, &own) || reps_object(reps, BAG, handle, &found, &own) || found != object)
                        return data;
                reps_crossing_begin(&crossing, reps);
                if (crossing.handles.lower(&crossing, &own_bag, &handle, &number, &own))
                        return data;
                reps_crossing_end(&crossing, i % 2);
                if (i % 2 ? reps_destroy(reps, BAG, number, &own) : reps_drop(reps, BAG, handle, &own))
                        return data;
        }
        return NULL;
}

TEST(threads_may_come)
{
        const struct ward_addin_resource one[] = { { &bag, free_counted } };
        const struct ward_addin counting = { .n_resources = 1, .resources = one };
        pthread_t threads[THREADS];
        struct reps *reps;
        assert_int_equal(reps_new(&counting, &reps, &fault), 0);
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, make_and_destroy, reps), 0);
        for (int i = 0; i < THREADS; i++) {
                void *failed;
                pthread_join(threads[i], &failed);
                assert_null(failed);
        }
        assert_int_equal(n_freed, THREADS * ROUNDS);
        reps_free(reps);
}

/* --- Matching --------------------------------------------------------------------------------- */

static int match(const struct native_resource *wanted, uint32_t n, uint32_t *ret_addins, uint32_t *ret_wanted)
{
        const struct native_want want = { .contract = "a:b/w", .resources = wanted, .n_resources = n };
        return native_match_resources(&addin, "x.so", &want, ret_addins, ret_wanted, &fault);
}

TEST(resources_are_matched)
{
        static const struct native_resource wanted[] = { { "a:b/d#drawer", false }, { "a:b/c#bag", false }, { "a:b/c#bag", true } };
        uint32_t addins[3] = { 0 }, of_wanted[3] = { 0 };
        assert_int_equal(match(wanted, 3, addins, of_wanted), 0);
        assert_int_equal(addins[0], DRAWER);
        assert_int_equal(addins[1], NATIVE_NO_RESOURCE);
        assert_int_equal(addins[2], BAG);
        assert_int_equal(of_wanted[DRAWER], 0);
        assert_int_equal(of_wanted[BAG], 2);
        assert_int_equal(of_wanted[BOX], NATIVE_NO_RESOURCE);
}

TEST(missing_resources_are_named)
{
        static const struct native_resource wanted[] = { { "a:b/d#drawer", false }, { "a:b/c#cupboard", true } };
        uint32_t addins[2], of_wanted[3];
        assert_int_equal(match(wanted, 2, addins, of_wanted), -WARD_FAULT_CONTRACT);
        says("'x.so' does not implement resource 'a:b/c#cupboard'");
        assert_int_equal(match(wanted + 1, 0, addins, of_wanted), -WARD_FAULT_CONTRACT);
        says("needs resource 'a:b/d#drawer', which the host does not provide");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(objects_are_numbered), TEST_CASE(what_is_no_handle_is_refused),
                         TEST_CASE(an_object_has_one_owner), TEST_CASE(nothing_crosses_twice),
                         TEST_CASE(what_does_not_arrive_is_its_senders), TEST_CASE(wrong_handles_do_not_cross),
                         TEST_CASE(the_hosts_handles_pass_as_they_are), TEST_CASE(a_destructor_drops_what_is_within),
                         TEST_CASE(many_objects), TEST_CASE(threads_may_come), TEST_CASE(resources_are_matched),
                         TEST_CASE(missing_resources_are_named));
}
