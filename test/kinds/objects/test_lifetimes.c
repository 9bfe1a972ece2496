/* Lifetimes at every kind, through the public API: what goes with the last reference, with a domain, and within a call. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "stage.h"

/* --- Lifetimes -------------------------------------------------------------------------------- */

static void check_last_release(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        counter c = counter_new(objects, 1), d = counter_new(objects, 2);
        struct ward_domain *domain = ward_instance_domain(instance_of(objects));
        uint64_t itself;
        keep_sink(objects, sink_new("kept"));
        assert_good(ward_acquire(instance_of(objects), &itself, &fault), &fault);
        objects_release(objects);
        assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
        assert_good(ward_token_release(host, itself, &fault), &fault);
        assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
        assert_int_equal(counter_add(objects, c, 1), 2);
        assert_good(objects_acts_keep(objects, d, &fault), &fault);
        assert_int_equal(context->destroyed, 0);
        assert_good(ward_token_release(host, c.__handle, &fault), &fault);
        assert_int_equal(context->destroyed, 1); /* the add-in is gone, and what it held */
}

TEST(the_last_release)
{
        WITH_EACH_KIND(check_last_release);
}

/* The last object is given away: the add-in goes when the call is over. */
static void check_last_own(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        counter c = counter_new(objects, 1);
        keep_sink(objects, sink_new("kept"));
        objects_release(objects);
        assert_good(objects_acts_keep(objects, c, &fault), &fault);
        assert_int_equal(context->destroyed, 1);
        assert_null(ward_token_instance(host, c.__handle));
}

TEST(the_last_object_is_given_away)
{
        WITH_EACH_KIND(check_last_own);
}

static void check_secondary(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct context second_context = { 0 };
        struct objects_services services = services_for(&second_context);
        struct ward_domain *domain = ward_instance_domain(instance_of(objects));
        struct objects *second = activate_into(host, kind, domain, &services);
        keep_sink(objects, sink_new("first"));
        keep_sink(second, sink_new("second"));
        objects_release(objects);
        assert_int_equal(context->destroyed, 1);
        assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
        counter c = counter_new(second, 1);
        objects_release(second);
        assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
        assert_int_equal(counter_add(second, c, 1), 2);
        assert_int_equal(second_context.destroyed, 0);
        assert_int_equal(ward_token_release(host, c.__handle, NULL), 0);
        assert_int_equal(second_context.destroyed, 1);
}

TEST(secondary_add_ins_keep_a_domain)
{
        WITH_EACH_KIND(check_secondary);
}

static struct ward_domain *domain_of_kind(struct ward_host *host, enum ward_isolation kind)
{
        const struct ward_domain_options options = { .size = sizeof options,
                                                     .isolation = kind,
                                                     .limits = { .size = sizeof(struct ward_limits) } };
        struct ward_domain *domain = NULL;
        struct ward_fault fault;
        assert_good(ward_domain_new(host, &options, &domain, &fault), &fault);
        return domain;
}

TEST(a_domain_of_the_hosts_own)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { 0 };
                struct objects_services services = services_for(&context);
                struct ward_domain *domain = domain_of_kind(host, kind);
                struct objects *objects = activate_into(host, kind, domain, &services);
                keep_sink(objects, sink_new("kept"));
                objects_release(objects);
                assert_int_equal(context.destroyed, 1);
                assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
                objects = activate_into(host, kind, domain, &services);
                assert_int_equal(destroyed(objects), 0);
                objects_release(objects);
                assert_good(ward_domain_unload(domain, NULL), NULL);
                ward_domain_release(domain);
        }
        ward_host_free(host);
}

TEST(an_unload_runs_destructors)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { 0 };
                struct objects_services services = services_for(&context);
                struct ward_domain *domain = domain_of_kind(host, kind);
                struct objects *objects = activate_into(host, kind, domain, &services);
                struct ward_fault fault;
                counter c[3];
                uint64_t token;
                for (int i = 0; i < 3; i++)
                        counter_arm(objects, c[i] = counter_new(objects, i), "back");
                keep_sink(objects, sink_new("kept"));
                assert_good(objects_counters_method_counter_attach(objects, lent(c[0]), sink_new("attached"), &fault), &fault);
                assert_good(ward_domain_unload(domain, &fault), &fault);
                assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_UNLOADED);
                assert_int_equal(context.sevens, 3);
                assert_int_equal(context.destroyed, 2);
                assert_false(ward_domain_fault(domain, &fault));
                assert_int_equal(objects_counters_method_counter_add(objects, lent(c[0]), 1, &(int32_t){ 0 }, &fault),
                                 -WARD_FAULT_UNLOADED);
                assert_int_equal(ward_object_acquire(host, c[0].__handle, &token, &fault), -WARD_FAULT_UNLOADED);
                assert_int_equal(ward_acquire(instance_of(objects), &token, &fault), -WARD_FAULT_UNLOADED);
                objects_release(objects);
                assert_ptr_equal(ward_token_instance(host, c[1].__handle), instance_of(objects));
                for (int i = 0; i < 3; i++)
                        assert_good(ward_token_release(host, c[i].__handle, &fault), &fault);
                assert_int_equal(ward_token_release(host, c[0].__handle, &fault), -WARD_FAULT_USAGE);
                assert_int_equal(context.sevens, 3);
                ward_domain_release(domain);
        }
        ward_host_free(host);
}

TEST(an_unload_does_not_wait_for_ever)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { 0 };
                struct objects_services services = services_for(&context);
                struct ward_domain *domain = domain_of_kind(host, kind);
                struct objects *objects = activate_into(host, kind, domain, &services);
                struct timespec began, ended;
                counter_arm(objects, counter_new(objects, 1), "hang");
                counter_arm(objects, counter_new(objects, 2), "hang");
                clock_gettime(CLOCK_MONOTONIC, &began);
                assert_good(ward_domain_unload(domain, NULL), NULL);
                clock_gettime(CLOCK_MONOTONIC, &ended);
                assert_in_range(ended.tv_sec - began.tv_sec, 0, 5);
                objects_release(objects);
                ward_domain_release(domain);
        }
        ward_host_free(host); /* with the tokens held */
}

static void check_crash(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        objects_string_t how = text(kind == WARD_WASM ? "crash" : "hang");
        counter c = counter_new(objects, 1), left = counter_new(objects, 2);
        sink *given = sink_new("given"), *kept = sink_new("kept");
        keep_sink(objects, kept);
        counter_arm(objects, left, "back");
        ward_instance_set_deadline(instance_of(objects), 300);
        assert_true(objects_acts_end(objects, &how, c, given, &fault) < 0);
        assert_null(ward_token_instance(host, c.__handle)); /* it was given away */
        assert_int_equal(given->destroyed, 1);
        assert_int_equal(kept->destroyed, 1);
        assert_int_equal(ward_domain_state(ward_instance_domain(instance_of(objects))), WARD_DOMAIN_UNLOADED);
        assert_int_equal(objects_counters_method_counter_add(objects, lent(left), 1, &(int32_t){ 0 }, &fault),
                         -WARD_FAULT_UNLOADED);
        given = sink_new("not given");
        assert_int_equal(objects_acts_pass_on(objects, given, &given, &fault), -WARD_FAULT_UNLOADED);
        assert_int_equal(given->destroyed, 0);
        assert_good(ward_token_release(host, left.__handle, &fault), &fault);
        assert_int_equal(context->sevens, 0);
        objects_release(objects);
        assert_int_equal(context->destroyed, 2);
}

TEST(a_crash)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { 0 };
                struct objects_services services = services_for(&context);
                check_crash(host, activate(host, kind, &services), &context, kind);
        }
        ward_host_free(host);
}

/* What destructors do is the release's fault. */
TEST(bad_destructors)
{
        static const struct {
                const char *what;
                enum ward_fault_kind wasm, process;
        } acts[] = {
                { "crash", WARD_FAULT_TRAP, WARD_FAULT_SIGNAL },
                { "hang", WARD_FAULT_DEADLINE, WARD_FAULT_DEADLINE },
                { "drop", WARD_FAULT_PROTOCOL, WARD_FAULT_PROTOCOL },
        };
        struct ward_host *host = host_start();
        for (size_t i = 0; i < 6; i++) {
                enum ward_isolation kind = i % 2 ? WARD_WASM : WARD_PROCESS;
                struct context context = { 0 };
                struct objects_services services = services_for(&context);
                struct objects *objects = activate(host, kind, &services);
                struct ward_fault fault;
                counter c = counter_new(objects, 1);
                keep_sink(objects, sink_new("kept"));
                counter_arm(objects, c, acts[i / 2].what);
                ward_instance_set_deadline(instance_of(objects), 300);
                assert_int_equal(ward_token_release(host, c.__handle, &fault),
                                 -(int)(kind == WARD_WASM ? acts[i / 2].wasm : acts[i / 2].process));
                assert_string_equal(fault.addin, "objects");
                assert_int_equal(ward_token_release(host, c.__handle, NULL), -WARD_FAULT_USAGE);
                assert_int_equal(ward_domain_state(ward_instance_domain(instance_of(objects))), WARD_DOMAIN_UNLOADED);
                objects_release(objects);
                assert_int_equal(context.destroyed, 1);
        }
        ward_host_free(host);
}

TEST(a_host_goes_with_everything_held)
{
        static struct context context[3];
        static struct objects_services services[3];
        struct objects *objects[3];
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                services[kind] = services_for(&context[kind]);
                objects[kind] = activate(host, kind, &services[kind]);
                counter_arm(objects[kind], counter_new(objects[kind], 1), "back");
                keep_sink(objects[kind], sink_new("kept"));
                assert_int_equal(ward_acquire(instance_of(objects[kind]), &(uint64_t){ 0 }, NULL), 0);
        }
        objects_release(objects[WARD_PROCESS]); /* its tokens hold it */
        ward_host_free(host);
        FOR_EACH_KIND(kind)
        assert_int_equal(context[kind].sevens, 1);
        assert_null(ward_instance_host(instance_of(objects[WARD_DIRECT])));
        assert_null(ward_instance_host(instance_of(objects[WARD_WASM])));
        objects_release(objects[WARD_DIRECT]);
        objects_release(objects[WARD_WASM]);
        FOR_EACH_KIND(kind)
        assert_int_equal(context[kind].destroyed, 1);
}

/* --- Within calls ----------------------------------------------------------------------------- */

static counter in_call;

static uint32_t release_everything(struct context *context, uint32_t n)
{
        struct ward_host *host = ward_instance_host(instance_of(context->objects));
        struct ward_fault fault;
        assert_good(ward_token_release(host, in_call.__handle, &fault), &fault);
        objects_release(context->objects);
        return 40 + n;
}

TEST(the_last_release_within_a_call)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { .when_back = release_everything };
                struct objects_services services = services_for(&context);
                struct objects *objects = activate(host, kind, &services);
                struct ward_fault fault;
                uint32_t ret = 0;
                keep_sink(objects, sink_new("kept"));
                in_call = counter_new(objects, 1);
                assert_good(objects_acts_call_back(objects, 0, &ret, &fault), &fault);
                assert_int_equal(ret, 40);
                assert_int_equal(context.destroyed, 1);
        }
        ward_host_free(host);
}

static uint32_t unload(struct context *context, uint32_t n)
{
        assert_int_equal(ward_domain_unload(ward_instance_domain(instance_of(context->objects)), NULL), 0);
        assert_int_equal(ward_token_release(ward_instance_host(instance_of(context->objects)), in_call.__handle, NULL), 0);
        return n;
}

TEST(an_unload_within_a_call)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { .when_back = unload };
                struct objects_services services = services_for(&context);
                struct objects *objects = activate(host, kind, &services);
                struct ward_fault fault;
                uint32_t ret = 0;
                keep_sink(objects, sink_new("kept"));
                in_call = counter_new(objects, 1);
                counter_arm(objects, in_call, "back");
                assert_int_equal(objects_acts_call_back(objects, 0, &ret, &fault), -WARD_FAULT_UNLOADED);
                assert_int_equal(context.destroyed, 1);
                assert_int_equal(context.sevens, 0);
                objects_release(objects);
        }
        ward_host_free(host);
}

static uint32_t make_and_give(struct context *context, uint32_t n)
{
        counter c = counter_new(context->objects, 9);
        struct ward_fault fault;
        assert_int_equal(counter_add(context->objects, in_call, 1), 2);
        assert_good(objects_acts_keep(context->objects, c, &fault), &fault);
        keep_sink(context->objects, sink_new("from within"));
        return n;
}

static void check_nested(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        exports_test_objects_acts_option_own_counter_t given;
        uint32_t ret;
        context->when_back = make_and_give;
        in_call = counter_new(objects, 1);
        assert_good(objects_acts_call_back(objects, 0, &ret, &fault), &fault);
        assert_good(objects_acts_give(objects, &given, &fault), &fault);
        assert_true(given.is_some);
        assert_int_equal(counter_add(objects, given.val, 0), 9);
        assert_good(ward_token_release(host, given.val.__handle, &fault), &fault);
        assert_good(ward_token_release(host, in_call.__handle, &fault), &fault);
        objects_release(objects);
        assert_int_equal(context->destroyed, 1);
}

TEST(callbacks_with_objects)
{
        WITH_EACH_KIND(check_nested);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(the_last_release), TEST_CASE(the_last_object_is_given_away),
                         TEST_CASE(secondary_add_ins_keep_a_domain), TEST_CASE(a_domain_of_the_hosts_own),
                         TEST_CASE(an_unload_runs_destructors), TEST_CASE(an_unload_does_not_wait_for_ever), TEST_CASE(a_crash),
                         TEST_CASE_LONG(bad_destructors, 60), TEST_CASE(a_host_goes_with_everything_held),
                         TEST_CASE(the_last_release_within_a_call), TEST_CASE(an_unload_within_a_call),
                         TEST_CASE(callbacks_with_objects));
}
