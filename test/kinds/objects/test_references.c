/* References at every kind, through the public API: what is held, lent and given away. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "stage.h"

/* --- Tokens ----------------------------------------------------------------------------------- */

static void check_tokens(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        uint64_t again, itself, other;
        counter c = counter_new(objects, 5), d = counter_new(objects, 6);
        assert_int_equal(counter_add(objects, c, 2), 7);
        assert_int_equal(counter_add(objects, d, 2), 8);
        assert_good(ward_object_acquire(host, c.__handle, &again, &fault), &fault);
        assert_good(ward_acquire(instance_of(objects), &itself, &fault), &fault);
        assert_good(ward_object_acquire(host, itself, &other, &fault), &fault);
        assert_true(ward_token_same(host, c.__handle, again) && ward_token_same(host, itself, other));
        assert_false(ward_token_same(host, c.__handle, d.__handle) || ward_token_same(host, c.__handle, itself));
        assert_ptr_equal(ward_token_instance(host, again), instance_of(objects));
        assert_ptr_equal(ward_token_instance(host, itself), instance_of(objects));
        assert_int_equal(ward_token_is_local(host, c.__handle), kind == WARD_DIRECT);
        assert_ptr_equal(ward_instance_host(instance_of(objects)), host);
        assert_good(ward_token_release(host, c.__handle, &fault), &fault);
        assert_int_equal(destroyed(objects), 0);
        assert_int_equal(ward_token_release(host, c.__handle, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "not held");
        assert_int_equal(objects_counters_method_counter_add(objects, lent(c), 1, &(int32_t){ 0 }, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(counter_add(objects, (counter){ again }, 1), 8);
        assert_good(ward_token_release(host, again, &fault), &fault);
        assert_int_equal(destroyed(objects), 1);
        assert_good(objects_counters_counter_drop_own(objects, d, &fault), &fault);
        assert_int_equal(destroyed(objects), 2);
        assert_int_equal(ward_object_acquire(host, d.__handle, &again, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_token_release(host, 0, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_token_release(host, UINT64_MAX, &fault), -WARD_FAULT_USAGE);
        assert_null(ward_token_instance(host, d.__handle));
        assert_false(ward_token_same(host, d.__handle, d.__handle) || ward_token_is_local(host, d.__handle));
        objects_release(objects);
        objects = (struct objects *)ward_token_instance(host, itself);
        assert_int_equal(destroyed(objects), 2);
        assert_good(ward_token_release(host, itself, &fault), &fault);
        assert_good(ward_token_release(host, other, &fault), &fault);
        assert_int_equal(ward_token_release(host, other, &fault), -WARD_FAULT_USAGE);
}

TEST(tokens)
{
        WITH_EACH_KIND(check_tokens);
}

static void check_foreign(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_host *stranger = host_start();
        struct ward_fault fault;
        struct objects_services services = services_for(context);
        struct objects *second = activate(stranger, kind, &services);
        counter mine = counter_new(objects, 1), theirs = counter_new(second, 2);
        uint64_t token;
        assert_int_equal(ward_token_release(host, theirs.__handle, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_token_release(stranger, mine.__handle, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_object_acquire(host, theirs.__handle, &token, &fault), -WARD_FAULT_USAGE);
        assert_false(ward_token_same(host, mine.__handle, theirs.__handle));
        assert_int_equal(counter_add(objects, mine, 0), 1);
        assert_int_equal(counter_add(second, theirs, 0), 2);
        assert_good(ward_token_release(stranger, theirs.__handle, &fault), &fault);
        assert_good(ward_token_release(host, mine.__handle, &fault), &fault);
        objects_release(second);
        objects_release(objects);
        ward_host_free(stranger);
}

TEST(tokens_of_another_host)
{
        WITH_EACH_KIND(check_foreign);
}

/* --- The add-in's objects --------------------------------------------------------------------- */

static void check_passing(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        exports_test_objects_acts_option_own_counter_t given;
        counter c = counter_new(objects, 3), d = counter_new(objects, 4);
        uint64_t again;
        int32_t sum;
        assert_good(ward_object_acquire(host, c.__handle, &again, &fault), &fault);
        assert_int_equal(objects_acts_keep(objects, c, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "tokens");
        assert_good(ward_token_release(host, again, &fault), &fault);
        assert_good(objects_acts_keep(objects, c, &fault), &fault);
        assert_int_equal(objects_acts_keep(objects, c, &fault), -WARD_FAULT_USAGE);
        assert_null(ward_token_instance(host, c.__handle));
        assert_good(objects_acts_give(objects, &given, &fault), &fault);
        assert_true(given.is_some && given.val.__handle != c.__handle);
        assert_int_equal(counter_add(objects, given.val, 0), 3);
        assert_good(objects_acts_give(objects, &given, &fault), &fault);
        assert_false(given.is_some);
        exports_test_objects_counters_borrow_counter_t many[] = { lent(d), lent(d), lent(d) };
        exports_test_objects_acts_list_borrow_counter_t list = { many, 3 };
        assert_good(objects_acts_sum(objects, &list, 1, &sum, &fault), &fault);
        assert_int_equal(sum, 13);
        assert_good(ward_token_release(host, d.__handle, &fault), &fault);
        objects_release(objects);
}

TEST(objects_change_hands)
{
        WITH_EACH_KIND(check_passing);
}

static void check_lists(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        exports_test_objects_acts_list_own_counter_t spawned;
        counter joined, stranger = { 123456789 };
        assert_good(objects_acts_spawn(objects, 300, &spawned, &fault), &fault);
        assert_int_equal(spawned.len, 300);
        counter last = spawned.ptr[299];
        exports_test_objects_counters_list_own_counter_t list = { (void *)spawned.ptr, spawned.len };
        spawned.ptr[299] = stranger; /* the others are not taken */
        assert_int_equal(objects_counters_static_counter_join(objects, &list, &joined, &fault), -WARD_FAULT_USAGE);
        spawned.ptr[299] = spawned.ptr[0];
        assert_int_equal(objects_counters_static_counter_join(objects, &list, &joined, &fault), -WARD_FAULT_USAGE);
        for (int i = 0; i < 299; i++)
                assert_int_equal(counter_add(objects, spawned.ptr[i], 0), i);
        spawned.ptr[299] = last;
        assert_good(objects_counters_static_counter_join(objects, &list, &joined, &fault), &fault);
        assert_int_equal(counter_add(objects, joined, 0), 299 * 300 / 2);
        assert_int_equal(destroyed(objects), 300);
        for (int i = 0; i < 300; i++)
                assert_int_equal(ward_token_release(host, spawned.ptr[i].__handle, &fault), -WARD_FAULT_USAGE);
        assert_good(ward_token_release(host, joined.__handle, &fault), &fault);
        exports_test_objects_acts_list_own_counter_free(&spawned);
        objects_release(objects);
}

TEST(lists_of_objects)
{
        WITH_EACH_KIND(check_lists);
}

static void check_of_another(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        struct objects_services services = services_for(context);
        struct objects *second = activate(host, kind, &services);
        counter c = counter_new(objects, 3), d = counter_new(second, 4);
        exports_test_objects_acts_own_odd_one_t odd;
        int32_t sum = -1;
        assert_int_equal(objects_counters_method_counter_add(second, lent(c), 1, &sum, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "of add-in");
        assert_int_equal(objects_acts_keep(objects, d, &fault), -WARD_FAULT_USAGE);
        assert_good(objects_acts_constructor_odd_one(objects, &odd, &fault), &fault);
        assert_int_equal(objects_acts_keep(objects, (counter){ odd.__handle }, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "odd-one");
        assert_int_equal(sum, -1);
        assert_int_equal(counter_add(objects, c, 1), 4);
        assert_int_equal(counter_add(second, d, 1), 5);
        assert_good(ward_token_release(host, odd.__handle, &fault), &fault);
        assert_int_equal(destroyed(objects), 1);
        assert_good(ward_token_release(host, c.__handle, &fault), &fault);
        assert_good(ward_token_release(host, d.__handle, &fault), &fault);
        objects_release(second);
        objects_release(objects);
}

TEST(objects_of_another_add_in)
{
        WITH_EACH_KIND(check_of_another);
}

/* --- The host's objects ----------------------------------------------------------------------- */

static void check_sinks(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        sink *a = sink_new("a"), *b = sink_new("b"), *back = NULL;
        objects_string_t line = text("line");
        exports_test_objects_counters_option_own_sink_t detached;
        counter c = counter_new(objects, 0);
        uint32_t n;
        assert_good(objects_acts_write(objects, a, b, &line, &n, &fault), &fault);
        assert_int_equal(n, 2);
        assert_good(objects_acts_write(objects, a, a, &line, &n, &fault), &fault);
        assert_int_equal(a->lines, 3);
        assert_good(objects_acts_pass_on(objects, a, &back, &fault), &fault);
        assert_ptr_equal(back, a);
        assert_good(objects_counters_method_counter_attach(objects, lent(c), a, &fault), &fault);
        assert_good(objects_counters_method_counter_attach(objects, lent(c), b, &fault), &fault);
        assert_int_equal(a->destroyed, 1);
        assert_good(objects_counters_method_counter_detach(objects, lent(c), &detached, &fault), &fault);
        assert_true(detached.is_some && detached.val == b);
        assert_good(objects_counters_method_counter_detach(objects, lent(c), &detached, &fault), &fault);
        assert_false(detached.is_some);
        assert_int_equal(objects_acts_pass_on(objects, NULL, &back, &fault), -WARD_FAULT_USAGE);
        assert_good(objects_acts_make(objects, 100, &n, &fault), &fault);
        assert_int_equal(n, 100);
        assert_int_equal(context->n_taken, 50);
        assert_int_equal(context->destroyed, 1 + 200 + 50);
        assert_good(objects_counters_method_counter_attach(objects, lent(c), b, &fault), &fault);
        assert_good(ward_token_release(host, c.__handle, &fault), &fault);
        assert_int_equal(b->destroyed, 1);
        objects_release(objects);
        assert_int_equal(context->destroyed, 1 + 200 + 50 + 1);
}

TEST(the_hosts_objects)
{
        WITH_EACH_KIND(check_sinks);
}

static void check_sink_lists(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        sink *all[200];
        exports_test_objects_acts_list_own_sink_t list = { all, 200 };
        for (int i = 0; i < 200; i++)
                all[i] = sink_new("x");
        assert_good(objects_acts_keep_sinks(objects, &list, &fault), &fault);
        assert_good(objects_acts_give_sinks(objects, 150, &fault), &fault);
        assert_int_equal(context->n_taken, 150);
        for (int i = 0; i < 150; i++)
                assert_ptr_equal(context->taken[i], all[50 + i]);
        all[7] = NULL; /* nothing is taken */
        assert_int_equal(objects_acts_keep_sinks(objects, &list, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(context->destroyed, 0);
        objects_release(objects);
        assert_int_equal(context->destroyed, 50);
        for (int i = 0; i < 200; i++)
                assert_true(i == 7 || all[i]->destroyed == (i < 50));
}

TEST(lists_of_the_hosts_objects)
{
        WITH_EACH_KIND(check_sink_lists);
}

/* --- Mistakes of add-ins ---------------------------------------------------------------------- */

static const char *const mistakes[] = {
        "keep borrow", "drop twice", "drop none",  "drop 0",    "give borrow", "give none",
        "no rep",      "wrong rep",  "wrong drop", "drop lent", "list",        "list with the same"
};

static void check_mistake(struct ward_host *host, enum ward_isolation kind, const char *mistake)
{
        struct context context = { 0 };
        struct objects_services services = services_for(&context);
        struct objects *objects = activate(host, kind, &services);
        struct ward_fault fault = { .text = "" };
        objects_string_t how = text(mistake);
        sink *kept = sink_new("kept"), *borrowed = sink_new("lent");
        keep_sink(objects, kept);
        int r = objects_acts_misuse(objects, &how, borrowed, &fault);
        /* A mistake in a nested call costs the domain under the outer one. */
        if (r != -WARD_FAULT_PROTOCOL && !(r == -WARD_FAULT_UNLOADED && !strcmp(mistake, "drop lent")))
                fail_msg("%s at kind %s: %d %s", mistake, ward_isolation_name(kind), r, fault.text);
        enum ward_domain_state state = ward_domain_state(ward_instance_domain(instance_of(objects)));
        assert_int_equal(state, kind == WARD_DIRECT ? WARD_DOMAIN_RUNNING : WARD_DOMAIN_UNLOADED);
        assert_int_equal(borrowed->destroyed, 0);
        assert_in_range(kept->destroyed, 0, 1);
        objects_release(objects);
        if (kept->destroyed + (int)context.n_taken != 1)
                fail_msg("%s at kind %s: destroyed %d times, taken %zu times", mistake, ward_isolation_name(kind), kept->destroyed,
                         context.n_taken);
}

TEST(mistakes_with_handles)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
                check_mistake(host, kind, mistakes[i]);
        ward_host_free(host);
}

static void check_bad_result(struct ward_host *host, enum ward_isolation kind, const char *mistake)
{
        struct context context = { 0 };
        struct objects_services services = services_for(&context);
        struct objects *objects = activate(host, kind, &services);
        exports_test_objects_acts_tuple2_own_counter_own_counter_t ret = { { 1 }, { 2 } };
        struct ward_fault fault = { .text = "" };
        objects_string_t how = text(mistake);
        sink *err = NULL;
        int r = objects_acts_misuse_result(objects, &how, &ret, &err, &fault);
        if (r != -WARD_FAULT_PROTOCOL)
                fail_msg("%s at kind %s: %d %s", mistake, ward_isolation_name(kind), r, fault.text);
        assert_true(ret.f0.__handle == 1 && ret.f1.__handle == 2 && !err);
        objects_release(objects);
}

TEST(bad_results)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                check_bad_result(host, kind, "twice");
                check_bad_result(host, kind, "none");
                check_bad_result(host, kind, "no sink");
        }
        ward_host_free(host);
}

/* --- Memory that is asked for while values cross ------------------------------------------------ */

static void check_named(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct ward_fault fault;
        objects_string_t name = text("a name");
        uint32_t n = 0;
        assert_good(objects_acts_take_named(objects, sink_new("a name"), &name, sink_new("another"), &n, &fault), &fault);
        assert_int_equal(n, 1);
        assert_good(objects_acts_ask_named(objects, 5, &n, &fault), &fault);
        assert_int_equal(n, 5);
        assert_int_equal(context->destroyed, 7);
        objects_release(objects);
        assert_int_equal(context->destroyed, 7);
}

TEST(objects_beside_strings)
{
        WITH_EACH_KIND(check_named);
}

/* A module that is asked for memory between two values that cross: what has crossed by then is not its to use. */
static void check_realloc(struct ward_host *host, const char *what, bool import, enum ward_fault_kind expected)
{
        struct context context = { 0 };
        struct objects_services services = services_for(&context);
        struct objects *objects = activate(host, WARD_WASM, &services);
        struct ward_fault fault;
        objects_string_t how = text(what), name = text("given");
        sink *given = sink_new("given"), *more = sink_new("more");
        uint32_t n;
        assert_good(objects_acts_arm_realloc(objects, &how, import ? 2 : 0, &fault), &fault);
        int r = import ? objects_acts_ask_named(objects, 3, &n, &fault)
                       : objects_acts_take_named(objects, given, &name, more, &n, &fault);
        if (r != -(int)expected)
                fail_msg("%s%s: %d %s", what, import ? " in an import" : "", r, fault.text);
        assert_int_equal(ward_domain_state(ward_instance_domain(instance_of(objects))), WARD_DOMAIN_UNLOADED);
        objects_release(objects);
        for (int i = 0; import && i < 3; i++)
                assert_int_equal(context.offered[i]->destroyed, 1);
        assert_int_equal(given->destroyed, import ? 0 : 1);
        assert_int_equal(more->destroyed, import ? 0 : 1);
}

TEST(nothing_is_used_while_it_crosses)
{
        struct ward_host *host = host_start();
        for (int import = 0; import < 2; import++) {
                check_realloc(host, "drop", import, WARD_FAULT_PROTOCOL);
                check_realloc(host, "call", import, WARD_FAULT_PROTOCOL);
                check_realloc(host, "trap", import, WARD_FAULT_TRAP);
        }
        ward_host_free(host);
}

static void check_local(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        bool local = kind != WARD_DIRECT;
        struct ward_fault fault;
        assert_good(objects_is_local(objects, &local, &fault), &fault);
        assert_int_equal(local, kind == WARD_DIRECT);
        objects_release(objects);
}

TEST(add_ins_ask_where_they_are)
{
        WITH_EACH_KIND(check_local);
}

/* --- Forked children, threads ----------------------------------------------------------------- */

static void in_child(struct ward_host *host, struct objects *objects, struct context *context, counter c)
{
        struct ward_fault fault;
        int32_t sum;
        bool good = objects_counters_method_counter_add(objects, lent(c), 1, &sum, &fault) == -WARD_FAULT_UNLOADED &&
                    ward_token_instance(host, c.__handle) == instance_of(objects) &&
                    ward_token_release(host, c.__handle, &fault) == 0 &&
                    ward_token_release(host, c.__handle, &fault) == -WARD_FAULT_USAGE;
        objects_release(objects);
        ward_host_free(host);
        _exit(good && !context->destroyed && !context->sevens ? 0 : 1);
}

TEST(a_forked_child)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { 0 };
                struct objects_services services = services_for(&context);
                struct objects *objects = activate(host, kind, &services);
                counter c = counter_new(objects, 1);
                int status = -1;
                counter_arm(objects, c, "back");
                keep_sink(objects, sink_new("kept"));
                pid_t child = fork();
                if (!child)
                        in_child(host, objects, &context, c);
                waitpid(child, &status, 0);
                assert_int_equal(status, 0);
                assert_int_equal(counter_add(objects, c, 1), 2);
                assert_int_equal(ward_token_release(host, c.__handle, NULL), 0);
                assert_int_equal(context.sevens, 1);
                objects_release(objects);
                assert_int_equal(context.destroyed, 1);
        }
        ward_host_free(host);
}

struct worker {
        pthread_t thread;
        struct ward_host *host;
        struct objects *objects;
};

static void *work(void *data)
{
        struct worker *worker = data;
        for (int i = 0; i < 300; i++) {
                uint64_t again;
                sink *s = sink_new("t"), *back;
                counter c = counter_new(worker->objects, i);
                assert_int_equal(counter_add(worker->objects, c, 1), i + 1);
                assert_int_equal(ward_object_acquire(worker->host, c.__handle, &again, NULL), 0);
                assert_true(ward_token_same(worker->host, c.__handle, again));
                assert_int_equal(objects_acts_pass_on(worker->objects, s, &back, NULL), 0);
                assert_ptr_equal(back, s);
                assert_int_equal(ward_token_release(worker->host, c.__handle, NULL), 0);
                if (i % 2)
                        assert_int_equal(ward_token_release(worker->host, again, NULL), 0);
                else
                        assert_int_equal(objects_acts_keep(worker->objects, (counter){ again }, NULL), 0);
        }
        return NULL;
}

static void check_threads(struct ward_host *host, struct objects *objects, struct context *context, enum ward_isolation kind)
{
        struct worker workers[3];
        /* The add-in's own variables are its business; at kind direct nobody takes turns. */
        size_t n = kind == WARD_DIRECT ? 1 : 3;
        ward_instance_set_deadline(instance_of(objects), 0);
        for (size_t i = 0; i < n; i++) {
                workers[i] = (struct worker){ .host = host, .objects = objects };
                pthread_create(&workers[i].thread, NULL, work, &workers[i]);
        }
        for (size_t i = 0; i < n; i++)
                pthread_join(workers[i].thread, NULL);
        assert_int_equal(destroyed(objects), n * 300 - 1); /* the last one is kept */
        objects_release(objects);
}

TEST(threads)
{
        WITH_EACH_KIND(check_threads);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(tokens), TEST_CASE(tokens_of_another_host), TEST_CASE(objects_change_hands),
                         TEST_CASE(lists_of_objects), TEST_CASE(objects_of_another_add_in), TEST_CASE(the_hosts_objects),
                         TEST_CASE(lists_of_the_hosts_objects), TEST_CASE(mistakes_with_handles), TEST_CASE(bad_results),
                         TEST_CASE(objects_beside_strings), TEST_CASE(nothing_is_used_while_it_crosses),
                         TEST_CASE(add_ins_ask_where_they_are), TEST_CASE(a_forked_child), TEST_CASE_LONG(threads, 60));
}
