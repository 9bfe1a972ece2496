#include <errno.h>
#include <string.h>
#include "domain/handles.h"
#include "domain/objects.h"
#include "domain/test_stage.h"
#include "test/harness/harness.h"

static struct visit *visit; /* that the calls of a test are in */
static int log_one, log_two; /* objects of the host's */

static void begin(struct crossing *crossing, struct instance *instance)
{
        assert_int_equal(domain_enter(stage->domain, 0, &visit, NULL), 0);
        crossing_begin(crossing, instance->references);
}

static void end(struct crossing *crossing)
{
        crossing_end(crossing);
        domain_leave(stage->domain, visit);
}

static int lower_object(struct crossing *crossing, const struct ward_type *type, void *object, uint32_t *ret_number)
{
        return crossing->handles.lower(crossing, type, &object, ret_number, NULL);
}

static int lower_token(struct crossing *crossing, const struct ward_type *type, uint64_t token, uint32_t *ret_number)
{
        return crossing->handles.lower(crossing, type, &token, ret_number, NULL);
}

static int lift(struct crossing *crossing, const struct ward_type *type, uint32_t number, void *to)
{
        return crossing->handles.lift(crossing, type, number, to, NULL);
}

/* A call that gives @log to the add-in. */
static uint32_t give_log(struct instance *instance, void *log)
{
        struct crossing crossing;
        uint32_t handle = 0;
        begin(&crossing, instance);
        assert_int_equal(lower_object(&crossing, &stage_own[STAGE_LOG], log, &handle), 0);
        crossing_arrived(&crossing);
        assert_int_equal(crossing_returned(&crossing, NULL), 0);
        end(&crossing);
        return handle;
}

/* A call that returns an object of the add-in's. */
static uint64_t take_counter(struct instance *instance, uint32_t number)
{
        struct crossing crossing;
        uint64_t token = 0;
        begin(&crossing, instance);
        crossing_arrived(&crossing);
        assert_int_equal(lift(&crossing, &stage_own[STAGE_COUNTER], number, &token), 0);
        end(&crossing);
        return token;
}

static int drop(struct instance *instance, uint32_t resource, uint32_t handle)
{
        assert_int_equal(domain_enter(stage->domain, 0, &visit, NULL), 0);
        int r = references_drop(instance->references, resource, handle, NULL);
        domain_leave(stage->domain, visit);
        return r;
}

/* --- The table -------------------------------------------------------------------------------- */

TEST(handles_are_reused_last_first)
{
        struct handles handles = { 0 };
        uint32_t index;
        assert_null(handles_find(&handles, 0));
        for (uint32_t i = 1; i <= 40; i++) {
                assert_int_equal(handles_add(&handles, (struct handle){ .kind = HANDLE_OWN, .rep = i }, &index), 0);
                assert_int_equal(index, i);
        }
        handles_remove(&handles, 5);
        handles_remove(&handles, 9);
        assert_null(handles_find(&handles, 9));
        assert_null(handles_find(&handles, 0));
        assert_null(handles_find(&handles, 41));
        assert_null(handles_find(&handles, UINT32_MAX));
        assert_int_equal(handles_add(&handles, (struct handle){ .kind = HANDLE_OWN }, &index), 0);
        assert_int_equal(index, 9);
        assert_int_equal(handles_add(&handles, (struct handle){ .kind = HANDLE_OWN }, &index), 0);
        assert_int_equal(index, 5);
        assert_int_equal(handles_add(&handles, (struct handle){ .kind = HANDLE_OWN }, &index), 0);
        assert_int_equal(index, 41);
        handles_finish(&handles);
}

TEST(handles_have_an_end)
{
        struct handles handles = { 0 };
        uint32_t index, n = 0;
        int r;
        while (!(r = handles_add(&handles, (struct handle){ .kind = HANDLE_OWN }, &index)))
                n++;
        assert_int_equal(r, -ENOSPC);
        assert_int_equal(n, HANDLES_MAX - 1);
        handles_finish(&handles);
}

/* --- The host's objects ----------------------------------------------------------------------- */

TEST(the_hosts_objects_come_and_go)
{
        struct stage here;
        struct crossing crossing;
        void *object = NULL;
        stage_start(&here, REFERENCES_KEPT_HERE, false, false);
        struct instance *instance = stage_instance("a");
        uint32_t one = give_log(instance, &log_one), two = give_log(instance, &log_two);
        assert_true(one && two && one != two);
        begin(&crossing, instance); /* an import that takes the first */
        assert_int_equal(lift(&crossing, &stage_own[STAGE_LOG], one, &object), 0);
        crossing_arrived(&crossing);
        end(&crossing);
        assert_ptr_equal(object, &log_one);
        assert_int_equal(here.n_host_destroyed, 0);
        assert_int_equal(drop(instance, STAGE_LOG, one), -WARD_FAULT_PROTOCOL);
        assert_int_equal(drop(instance, STAGE_LOG, two), 0);
        assert_int_equal(here.n_host_destroyed, 1);
        assert_ptr_equal(here.host_destroyed[0], &log_two);
        assert_int_equal(drop(instance, STAGE_LOG, two), -WARD_FAULT_PROTOCOL);
        give_log(instance, &log_one);
        give_log(instance, &log_two);
        instance_unref(instance);
        assert_int_equal(here.n_host_destroyed, 3);
        stage_finish();
        assert_int_equal(here.n_host_destroyed, 3);
}

TEST(an_unload_destroys_what_add_ins_hold)
{
        struct stage here;
        stage_start(&here, REFERENCES_KEPT_HERE, false, false);
        struct instance *instance = stage_instance("a"), *second = stage_instance("b");
        give_log(instance, &log_one);
        give_log(second, &log_two);
        domain_unload(here.domain, NULL);
        assert_int_equal(here.n_host_destroyed, 2);
        instance_unref(instance);
        instance_unref(second);
        stage_finish();
        assert_int_equal(here.n_host_destroyed, 2);
}

TEST(borrows_are_to_be_dropped)
{
        struct stage here;
        struct crossing crossing;
        struct ward_fault fault;
        uint32_t one, two;
        stage_start(&here, REFERENCES_KEPT_HERE, false, false);
        struct instance *instance = stage_instance("a");
        begin(&crossing, instance);
        assert_int_equal(lower_object(&crossing, &stage_borrow[STAGE_LOG], &log_one, &one), 0);
        assert_int_equal(lower_object(&crossing, &stage_borrow[STAGE_LOG], &log_one, &two), 0);
        assert_int_not_equal(one, two);
        crossing_arrived(&crossing);
        assert_int_equal(drop(instance, STAGE_LOG, one), 0);
        assert_int_equal(crossing_returned(&crossing, &fault), -WARD_FAULT_PROTOCOL);
        assert_non_null(strstr(fault.text, "handle"));
        end(&crossing);
        assert_int_equal(drop(instance, STAGE_LOG, two), -WARD_FAULT_PROTOCOL);
        assert_int_equal(here.n_host_destroyed, 0);
        instance_unref(instance);
        stage_finish();
        assert_int_equal(here.n_host_destroyed, 0);
}

/* What the add-in lends in a call cannot be dropped or given away before it is over; a borrow cannot be given away at all. */
TEST(what_is_lent_stays)
{
        struct stage here;
        struct crossing outer, inner;
        void *object = NULL;
        uint32_t borrowed;
        stage_start(&here, REFERENCES_KEPT_HERE, false, false);
        struct instance *instance = stage_instance("a");
        uint32_t own = give_log(instance, &log_one);
        begin(&outer, instance);
        assert_int_equal(lower_object(&outer, &stage_borrow[STAGE_LOG], &log_two, &borrowed), 0);
        crossing_arrived(&outer);
        begin(&inner, instance);
        assert_int_equal(lift(&inner, &stage_borrow[STAGE_LOG], own, &object), 0);
        assert_ptr_equal(object, &log_one);
        assert_int_equal(lift(&inner, &stage_borrow[STAGE_LOG], own, &object), 0);
        assert_int_equal(lift(&inner, &stage_borrow[STAGE_LOG], borrowed, &object), 0);
        assert_ptr_equal(object, &log_two);
        assert_int_equal(lift(&inner, &stage_own[STAGE_LOG], own, &object), -WARD_FAULT_PROTOCOL);
        assert_int_equal(lift(&inner, &stage_own[STAGE_LOG], borrowed, &object), -WARD_FAULT_PROTOCOL);
        crossing_arrived(&inner);
        assert_int_equal(drop(instance, STAGE_LOG, own), -WARD_FAULT_PROTOCOL);
        assert_int_equal(drop(instance, STAGE_LOG, borrowed), -WARD_FAULT_PROTOCOL);
        end(&inner);
        begin(&inner, instance);
        assert_int_equal(lift(&inner, &stage_own[STAGE_LOG], borrowed, &object), -WARD_FAULT_PROTOCOL);
        end(&inner);
        assert_int_equal(drop(instance, STAGE_LOG, own), 0);
        assert_int_equal(drop(instance, STAGE_LOG, borrowed), 0);
        assert_int_equal(crossing_returned(&outer, NULL), 0);
        end(&outer);
        assert_int_equal(here.n_host_destroyed, 1);
        instance_unref(instance);
        stage_finish();
}

TEST(bad_handles)
{
        struct stage here;
        struct crossing crossing;
        void *object;
        uint32_t number, handle;
        stage_start(&here, REFERENCES_KEPT_HERE, false, false);
        struct instance *instance = stage_instance("a");
        uint32_t log = give_log(instance, &log_one);
        assert_int_equal(references_new_handle(instance->references, STAGE_COUNTER, 11, &handle, NULL), 0);
        static const uint32_t none[] = { 0, 77, 1u << 28, UINT32_MAX };
        begin(&crossing, instance);
        for (uint32_t i = 0; i < 4; i++) {
                assert_int_equal(lift(&crossing, &stage_own[STAGE_LOG], none[i], &object), -WARD_FAULT_PROTOCOL);
                assert_int_equal(lift(&crossing, &stage_borrow[STAGE_LOG], none[i], &object), -WARD_FAULT_PROTOCOL);
                assert_int_equal(lift(&crossing, &stage_own[STAGE_COUNTER], none[i], &object), -WARD_FAULT_PROTOCOL);
                assert_int_equal(references_rep(instance->references, STAGE_COUNTER, none[i], &number, NULL), -WARD_FAULT_PROTOCOL);
                assert_int_equal(references_drop(instance->references, STAGE_LOG, none[i], NULL), -WARD_FAULT_PROTOCOL);
                assert_int_equal(references_drop(instance->references, i + STAGE_RESOURCES, log, NULL), -WARD_FAULT_PROTOCOL);
        }
        assert_int_equal(lift(&crossing, &stage_own[STAGE_LOG], handle, &object), -WARD_FAULT_PROTOCOL);
        assert_int_equal(lift(&crossing, &stage_own[STAGE_COUNTER], log, &object), -WARD_FAULT_PROTOCOL);
        assert_int_equal(lift(&crossing, &stage_own[STAGE_OTHER], handle, &object), -WARD_FAULT_PROTOCOL);
        assert_int_equal(lift(&crossing, &stage_borrow[STAGE_COUNTER], handle, &object), -WARD_FAULT_PROTOCOL);
        assert_int_equal(references_rep(instance->references, STAGE_OTHER, handle, &number, NULL), -WARD_FAULT_PROTOCOL);
        assert_int_equal(references_rep(instance->references, STAGE_LOG, log, &number, NULL), -WARD_FAULT_PROTOCOL);
        assert_int_equal(references_new_handle(instance->references, STAGE_LOG, 1, &number, NULL), -WARD_FAULT_PROTOCOL);
        assert_int_equal(references_new_handle(instance->references, 9, 1, &number, NULL), -WARD_FAULT_PROTOCOL);
        assert_int_equal(lower_object(&crossing, &stage_own[STAGE_LOG], NULL, &number), -WARD_FAULT_USAGE);
        end(&crossing);
        assert_int_equal(references_rep(instance->references, STAGE_COUNTER, handle, &number, NULL), 0);
        assert_int_equal(number, 11);
        assert_int_equal(drop(instance, STAGE_COUNTER, handle), 0);
        assert_int_equal(here.n_destroyed, 1);
        assert_int_equal(here.destroyed[0], 11);
        instance_unref(instance);
        stage_finish();
}

/* --- The add-in's objects --------------------------------------------------------------------- */

TEST(objects_kept_here)
{
        struct stage here;
        struct crossing crossing;
        uint32_t handle, number;
        stage_start(&here, REFERENCES_KEPT_HERE, false, false);
        struct instance *instance = stage_instance("a");
        assert_int_equal(references_new_handle(instance->references, STAGE_COUNTER, 500, &handle, NULL), 0);
        uint64_t token = take_counter(instance, handle);
        assert_int_equal(drop(instance, STAGE_COUNTER, handle), -WARD_FAULT_PROTOCOL);
        begin(&crossing, instance); /* lent, the representation itself goes over */
        assert_int_equal(lower_token(&crossing, &stage_borrow[STAGE_COUNTER], token, &number), 0);
        assert_int_equal(number, 500);
        crossing_arrived(&crossing);
        assert_int_equal(crossing_returned(&crossing, NULL), 0);
        end(&crossing);
        begin(&crossing, instance); /* given, a handle */
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], token, &handle), 0);
        assert_int_equal(references_rep(instance->references, STAGE_COUNTER, handle, &number, NULL), 0);
        assert_int_equal(number, 500);
        crossing_arrived(&crossing);
        end(&crossing);
        assert_null(tokens_instance(here.domains.tokens, token));
        assert_int_equal(instance->holders, 1);
        assert_int_equal(drop(instance, STAGE_COUNTER, handle), 0);
        assert_int_equal(here.n_destroyed, 1);
        instance_unref(instance);
        stage_finish();
}

TEST(objects_kept_by_the_add_in)
{
        struct stage here;
        struct crossing crossing;
        struct ward_fault fault;
        uint32_t number;
        uint64_t token, again;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a");
        token = take_counter(instance, 7);
        begin(&crossing, instance);
        uint64_t to = 0;
        assert_int_equal(crossing.handles.lift(&crossing, &stage_own[STAGE_COUNTER], 7, &to, &fault), -WARD_FAULT_PROTOCOL);
        assert_non_null(strstr(fault.text, "holds it already"));
        assert_int_equal(to, 0);
        crossing_undo(&crossing);
        end(&crossing);
        assert_int_equal(here.n_destroyed, 0);
        assert_int_equal(references_drop(instance->references, STAGE_COUNTER, 7, NULL), -WARD_FAULT_PROTOCOL);
        begin(&crossing, instance);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], token, &number), 0);
        assert_int_equal(number, 7);
        crossing_arrived(&crossing);
        again = take_counter(instance, 7); /* in a nested call, the add-in hands it out once more */
        end(&crossing);
        assert_true(again != token);
        assert_int_equal(objects_release(here.domains.tokens, token, NULL), -WARD_FAULT_USAGE);
        assert_int_equal(objects_release(here.domains.tokens, again, NULL), 0);
        assert_int_equal(here.n_destroyed, 1);
        instance_unref(instance);
        stage_finish();
}

/* Every way in which a token cannot be passed; nothing changes by it. */
TEST(tokens_that_cannot_be_passed)
{
        struct stage here;
        struct crossing crossing, other;
        uint64_t again, itself;
        uint32_t number;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a"), *second = stage_instance("b");
        uint64_t token = take_counter(instance, 7);
        assert_int_equal(tokens_add(instance, TOKENS_INSTANCE, 0, false, &itself, NULL), 0);
        begin(&other, second);
        assert_int_equal(lower_token(&other, &stage_borrow[STAGE_COUNTER], token, &number), -WARD_FAULT_USAGE);
        assert_int_equal(lower_token(&other, &stage_own[STAGE_COUNTER], token, &number), -WARD_FAULT_USAGE);
        end(&other);
        begin(&crossing, instance);
        assert_int_equal(lower_token(&crossing, &stage_borrow[STAGE_OTHER], token, &number), -WARD_FAULT_USAGE);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_OTHER], token, &number), -WARD_FAULT_USAGE);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], 0, &number), -WARD_FAULT_USAGE);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], token + 1000, &number), -WARD_FAULT_USAGE);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], itself, &number), -WARD_FAULT_USAGE);
        assert_int_equal(lower_token(&crossing, &stage_borrow[STAGE_COUNTER], itself, &number), -WARD_FAULT_USAGE);
        assert_int_equal(tokens_acquire(here.domains.tokens, token, &again, NULL), 0);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], token, &number), -WARD_FAULT_USAGE);
        assert_int_equal(objects_release(here.domains.tokens, again, NULL), 0);
        assert_int_equal(lower_token(&crossing, &stage_borrow[STAGE_COUNTER], token, &number), 0);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], token, &number), -WARD_FAULT_USAGE);
        assert_int_equal(objects_release(here.domains.tokens, token, NULL), -WARD_FAULT_USAGE); /* lent */
        end(&crossing);
        begin(&crossing, instance);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], token, &number), 0);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], token, &number), -WARD_FAULT_USAGE);
        assert_int_equal(lower_token(&crossing, &stage_borrow[STAGE_COUNTER], token, &number), -WARD_FAULT_USAGE);
        assert_int_equal(tokens_acquire(here.domains.tokens, token, &again, NULL), -WARD_FAULT_USAGE);
        assert_int_equal(objects_release(here.domains.tokens, token, NULL), -WARD_FAULT_USAGE);
        crossing_undo(&crossing);
        end(&crossing);
        assert_ptr_equal(tokens_instance(here.domains.tokens, token), instance);
        assert_int_equal(objects_release(here.domains.tokens, token, NULL), 0);
        assert_int_equal(here.n_destroyed, 1);
        assert_int_equal(objects_release(here.domains.tokens, itself, NULL), 0);
        instance_unref(instance);
        instance_unref(second);
        stage_finish();
}

/* --- What does not arrive --------------------------------------------------------------------- */

TEST(parameters_go_back)
{
        struct stage here;
        struct crossing crossing;
        uint32_t handle, own, lent, given;
        stage_start(&here, REFERENCES_KEPT_HERE, false, false);
        struct instance *instance = stage_instance("a");
        assert_int_equal(references_new_handle(instance->references, STAGE_COUNTER, 500, &handle, NULL), 0);
        uint64_t token = take_counter(instance, handle);
        begin(&crossing, instance);
        assert_int_equal(lower_object(&crossing, &stage_own[STAGE_LOG], &log_one, &own), 0);
        assert_int_equal(lower_object(&crossing, &stage_borrow[STAGE_LOG], &log_two, &lent), 0);
        assert_int_equal(lower_token(&crossing, &stage_own[STAGE_COUNTER], token, &given), 0);
        crossing_undo(&crossing);
        end(&crossing);
        assert_int_equal(drop(instance, STAGE_LOG, own), -WARD_FAULT_PROTOCOL);
        assert_int_equal(drop(instance, STAGE_LOG, lent), -WARD_FAULT_PROTOCOL);
        assert_int_equal(drop(instance, STAGE_COUNTER, given), -WARD_FAULT_PROTOCOL);
        assert_int_equal(here.n_host_destroyed + here.n_destroyed, 0);
        assert_int_equal(objects_release(here.domains.tokens, token, NULL), 0);
        assert_int_equal(here.n_destroyed, 1);
        instance_unref(instance);
        stage_finish();
        assert_int_equal(here.n_host_destroyed, 0);
}

TEST(results_that_do_not_arrive_are_destroyed)
{
        struct stage here;
        struct crossing crossing;
        void *object;
        uint32_t handle;
        uint64_t token;
        stage_start(&here, REFERENCES_KEPT_HERE, false, false);
        struct instance *instance = stage_instance("a");
        uint32_t log = give_log(instance, &log_one);
        assert_int_equal(references_new_handle(instance->references, STAGE_COUNTER, 500, &handle, NULL), 0);
        begin(&crossing, instance);
        crossing_arrived(&crossing);
        assert_int_equal(crossing_returned(&crossing, NULL), 0);
        assert_int_equal(lift(&crossing, &stage_own[STAGE_LOG], log, &object), 0);
        assert_int_equal(lift(&crossing, &stage_own[STAGE_COUNTER], handle, &token), 0);
        crossing_undo(&crossing);
        end(&crossing);
        assert_int_equal(here.n_host_destroyed, 1);
        assert_int_equal(here.n_destroyed, 1);
        assert_null(tokens_instance(here.domains.tokens, token));
        instance_unref(instance);
        stage_finish();
}

/* list<own<log>>, in a record behind option<own<log>>. */
static const struct ward_field elements[] = { { &stage_own[STAGE_LOG], 0, 0 } };
static const struct ward_type list = {
        .kind = WARD_TYPE_LIST, .flags = WARD_TYPE_OWNS | WARD_TYPE_HANDLES, .size = 16, .n = 1, .fields = elements
};
static const struct ward_field cases[] = { { NULL, 0, 0 }, { &stage_own[STAGE_LOG], 8, 4 } };
static const struct ward_type option = {
        .kind = WARD_TYPE_VARIANT, .flags = WARD_TYPE_HANDLES, .tag_size = 1, .size = 16, .n = 2, .fields = cases
};
static const struct ward_type array = {
        .kind = WARD_TYPE_ARRAY, .flags = WARD_TYPE_HANDLES, .size = 16, .n = 2, .fields = elements
};
static const struct ward_type number = { .kind = WARD_TYPE_INT, .size = 8, .abi_size = 8 };
static const struct ward_field fields[] = { { &number, 0, 0 }, { &option, 8, 0 }, { &option, 24, 0 },
                                            { &list, 40, 0 },  { &array, 56, 0 }, { &stage_own[STAGE_COUNTER], 72, 0 } };
static const struct ward_type record = {
        .kind = WARD_TYPE_RECORD, .flags = WARD_TYPE_OWNS | WARD_TYPE_HANDLES, .size = 80, .n = 6, .fields = fields
};

TEST(what_the_host_returned_in_vain_is_destroyed)
{
        struct stage here;
        struct crossing crossing;
        int logs[4];
        void *in_list[] = { &logs[0], NULL, &logs[1] };
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a");
        struct {
                uint64_t number;
                struct {
                        uint8_t is_some;
                        void *val;
                } some, none;
                struct {
                        void **ptr;
                        size_t len;
                } list;
                void *array[2];
                uint64_t token;
        } value = { 1, { 1, &logs[2] }, { 0, &logs[2] }, { in_list, 3 }, { &logs[3], NULL }, take_counter(instance, 4) };
        assert_int_equal(sizeof value, record.size);
        begin(&crossing, instance);
        crossing_refuse(&crossing, &record, &value);
        crossing_refuse(&crossing, NULL, NULL);
        end(&crossing);
        assert_int_equal(here.n_host_destroyed, 4);
        assert_int_equal(here.n_destroyed, 1);
        instance_unref(instance);
        stage_finish();
}

/* More handles than fit a crossing itself. */
TEST(many_handles)
{
        struct stage here;
        struct crossing crossing;
        uint32_t handles[30];
        stage_start(&here, REFERENCES_KEPT_HERE, false, false);
        struct instance *instance = stage_instance("a");
        for (int arrive = 0; arrive < 2; arrive++) {
                begin(&crossing, instance);
                for (int i = 0; i < 30; i++)
                        assert_int_equal(lower_object(&crossing, i % 2 ? &stage_own[STAGE_LOG] : &stage_borrow[STAGE_LOG], &log_one,
                                                      &handles[i]),
                                         0);
                if (arrive)
                        crossing_arrived(&crossing);
                else
                        crossing_undo(&crossing);
                end(&crossing);
                for (int i = 0; i < 30; i++)
                        assert_int_equal(drop(instance, STAGE_LOG, handles[i]), arrive && i % 2 ? 0 : -WARD_FAULT_PROTOCOL);
        }
        assert_int_equal(here.n_host_destroyed, 15);
        instance_unref(instance);
        stage_finish();
}

TEST(a_contract_without_resources_needs_nothing)
{
        struct crossing crossing;
        crossing_begin(&crossing, NULL);
        crossing_arrived(&crossing);
        crossing_undo(&crossing);
        assert_int_equal(crossing_returned(&crossing, NULL), 0);
        crossing_end(&crossing);
        assert_null(references_finish(NULL));
        assert_false(references_hold(NULL));
        references_clear(NULL);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(handles_are_reused_last_first), TEST_CASE(handles_have_an_end),
                         TEST_CASE(the_hosts_objects_come_and_go), TEST_CASE(an_unload_destroys_what_add_ins_hold),
                         TEST_CASE(borrows_are_to_be_dropped), TEST_CASE(what_is_lent_stays), TEST_CASE(bad_handles),
                         TEST_CASE(objects_kept_here), TEST_CASE(objects_kept_by_the_add_in),
                         TEST_CASE(tokens_that_cannot_be_passed), TEST_CASE(parameters_go_back),
                         TEST_CASE(results_that_do_not_arrive_are_destroyed),
                         TEST_CASE(what_the_host_returned_in_vain_is_destroyed), TEST_CASE(many_handles),
                         TEST_CASE(a_contract_without_resources_needs_nothing));
}
