/* References where they are seldom seen: contracts and domains that do not fit, ends within ends, and two threads at once. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "stage.h"

/* --- What does not fit ------------------------------------------------------------------------ */

/* Not as a generated view would have it. */
static const struct ward_resource thing = { "test:objects/acts@1.0.0#thing", 0, true };
static const struct ward_type own_thing = {
        .kind = WARD_TYPE_OWN, .flags = WARD_TYPE_HANDLES, .abi_align = 4, .abi_size = 4, .size = 8, .flat = 1, .resource = &thing
};
static const struct ward_type no_params = { .kind = WARD_TYPE_RECORD, .flags = WARD_TYPE_PLAIN, .abi_align = 1 };
static const struct ward_func get_thing = { "get", "func() -> thing", ">i", &no_params, &own_thing };
static const struct ward_func *const gets[] = { &get_thing };
static const struct ward_contract without = { .name = "test:objects/objects@1.0.0", .n_exports = 1, .exports = gets };

TEST(a_contract_without_its_resources)
{
        struct ward_host *host = host_start();
        struct ward_instance *instance = NULL;
        struct ward_fault fault;
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct ward_activate_options options = options_for(kind);
                const char *file = addin_file("objects", kind);
                assert_int_equal(ward_activate(host, file, &options, &without, NULL, &instance, &fault), -WARD_FAULT_CONTRACT);
                assert_says(&fault, "has no resources");
        }
        ward_host_free(host);
}

TEST(domains_of_other_hosts)
{
        struct ward_host *host = host_start(), *other = host_start();
        const struct ward_domain_options made = { .size = sizeof made, .isolation = WARD_WASM };
        struct ward_activate_options options = options_for(WARD_WASM);
        struct context context = { 0 };
        struct objects_services services = services_for(&context);
        struct objects *objects = NULL;
        struct ward_fault fault;
        const char *file = addin_file("objects", WARD_WASM);
        assert_good(ward_domain_new(other, &made, &options.domain, &fault), &fault);
        assert_int_equal(objects_activate(host, file, &options, &services, &objects, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "another host");
        ward_host_free(other);
        assert_int_equal(objects_activate(host, file, &options, &services, &objects, &fault), -WARD_FAULT_UNLOADED);
        ward_domain_release(options.domain);
        ward_host_free(host);
}

/* --- Released within its own call ---------------------------------------------------------------- */

static uint32_t release_itself(struct context *context, uint32_t n)
{
        objects_release(context->objects);
        return n;
}

/* What it returns then nobody can hold; the others in the domain are none the worse. */
TEST(objects_of_an_add_in_that_was_released)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { .when_back = release_itself }, second_context = { 0 };
                struct objects_services services = services_for(&context), second_services = services_for(&second_context);
                struct objects *objects = activate(host, kind, &services);
                struct ward_domain *domain = ward_instance_domain(instance_of(objects));
                struct objects *second = activate_into(host, kind, domain, &second_services);
                struct ward_fault fault;
                counter made = { 0 };
                assert_int_equal(objects_acts_call_and_make(objects, 1, &made, &fault), -WARD_FAULT_UNLOADED);
                assert_int_equal(made.__handle, 0);
                assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
                assert_false(ward_domain_fault(domain, &fault));
                made = counter_new(second, 1);
                assert_int_equal(counter_add(second, made, 1), 2);
                assert_good(ward_token_release(host, made.__handle, &fault), &fault);
                objects_release(second);
        }
        ward_host_free(host);
}

/* --- Results that are cut short ----------------------------------------------------------------- */

enum { TOO_MANY = (1 << 20) + 10 };

/* The host holds so many objects of one add-in, and no more. */
TEST(more_objects_than_a_host_holds)
{
        struct ward_host *host = host_start();
        struct context context = { 0 };
        struct objects_services services = services_for(&context);
        struct objects *objects = activate(host, WARD_DIRECT, &services);
        exports_test_objects_acts_list_own_counter_t spawned;
        struct ward_fault fault;
        assert_int_equal(objects_acts_spawn(objects, TOO_MANY, &spawned, &fault), -WARD_FAULT_LIMIT);
        assert_int_equal(destroyed(objects), TOO_MANY);
        counter c = counter_new(objects, 1);
        assert_good(ward_token_release(host, c.__handle, &fault), &fault);
        objects_release(objects);
        ward_host_free(host);
}

/* --- Two domains -------------------------------------------------------------------------------- */

/* A sink that stands for a counter of another add-in. */
struct stand {
        sink sink;
        uint64_t token;
        struct ward_host *host;
};

static _Atomic int n_not_released;

static void destroy_stand(void *data, sink *rep)
{
        struct stand *stand = (struct stand *)rep;
        struct ward_fault fault;
        usleep(1000); /* so that both are at it */
        if (ward_token_release(stand->host, stand->token, &fault))
                n_not_released++;
}

enum { STANDS = 8 };

struct side {
        struct ward_host *host;
        struct objects *objects;
        struct context context;
        struct objects_services services;
        struct stand stands[STANDS];
        pthread_barrier_t *start;
        bool unload;
};

static void side_start(struct side *side, struct ward_host *host, enum ward_isolation kind, pthread_barrier_t *start)
{
        *side = (struct side){ .host = host, .start = start };
        side->services = services_for(&side->context);
        side->services.sinks_sink_destructor = destroy_stand;
        side->objects = activate(host, kind, &side->services);
        ward_instance_set_deadline(instance_of(side->objects), 0);
}

/* @from keeps stand-ins for counters of @to. */
static void side_keep(struct side *from, const struct side *to)
{
        for (int i = 0; i < STANDS; i++) {
                from->stands[i] = (struct stand){ .token = counter_new(to->objects, i).__handle, .host = to->host };
                keep_sink(from->objects, &from->stands[i].sink);
        }
}

static void *side_end(void *data)
{
        struct side *side = data;
        pthread_barrier_wait(side->start);
        if (side->unload)
                ward_domain_unload(ward_instance_domain(instance_of(side->objects)), NULL);
        objects_release(side->objects);
        return NULL;
}

/* Each holds what stands for the other's objects, and two threads end both at once. */
static void end_both(struct ward_host *host, enum ward_isolation first, enum ward_isolation second, bool unload)
{
        static struct side sides[2];
        pthread_barrier_t start;
        pthread_t threads[2];
        pthread_barrier_init(&start, NULL, 2);
        side_start(&sides[0], host, first, &start);
        side_start(&sides[1], host, second, &start);
        side_keep(&sides[0], &sides[1]);
        side_keep(&sides[1], &sides[0]);
        for (int i = 0; i < 2; i++) {
                sides[i].unload = unload;
                pthread_create(&threads[i], NULL, side_end, &sides[i]);
        }
        for (int i = 0; i < 2; i++)
                pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&start);
}

TEST(two_domains_that_hold_each_other)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation first = WARD_WASM; first <= WARD_PROCESS; first++)
                for (enum ward_isolation second = first; second <= WARD_PROCESS; second++)
                        end_both(host, first, second, true);
        assert_int_equal(n_not_released, 0);
        ward_host_free(host);
}

/* --- A domain of two add-ins ---------------------------------------------------------------------- */

static struct objects *neighbour;
static counter of_neighbour;

/* From within a call of the other domain. */
static uint32_t call_the_neighbour(struct context *context, uint32_t n)
{
        int32_t sum = 0;
        usleep(2000);
        assert_int_equal(objects_counters_method_counter_add(neighbour, lent(of_neighbour), 1, &sum, NULL), 0);
        return (uint32_t)sum;
}

static void *release_side(void *data)
{
        struct side *side = data;
        pthread_barrier_wait(side->start);
        objects_release(side->objects);
        return NULL;
}

/* One thread ends an add-in, which holds objects of another domain. The other is in a call of that, which calls the first one's
 * neighbour. */
static void end_while_called(struct ward_host *host, enum ward_isolation first, enum ward_isolation second)
{
        static struct side sides[3];
        pthread_barrier_t start;
        pthread_t thread;
        uint32_t ret;
        pthread_barrier_init(&start, NULL, 2);
        side_start(&sides[0], host, first, &start);
        side_start(&sides[1], host, second, &start);
        sides[2] = sides[0];
        neighbour = activate_into(host, first, ward_instance_domain(instance_of(sides[0].objects)), &sides[2].services);
        ward_instance_set_deadline(instance_of(neighbour), 0);
        of_neighbour = counter_new(neighbour, 0);
        side_keep(&sides[0], &sides[1]);
        sides[1].context.when_back = call_the_neighbour;
        pthread_create(&thread, NULL, release_side, &sides[0]);
        pthread_barrier_wait(&start);
        for (uint32_t i = 1; i <= 10; i++) {
                assert_int_equal(objects_acts_call_back(sides[1].objects, 0, &ret, NULL), 0);
                assert_int_equal(ret, i);
        }
        pthread_join(thread, NULL);
        assert_int_equal(destroyed(sides[1].objects), STANDS);
        assert_int_equal(ward_token_release(host, of_neighbour.__handle, NULL), 0);
        objects_release(neighbour);
        objects_release(sides[1].objects);
        pthread_barrier_destroy(&start);
}

TEST(an_end_waits_for_no_other_domain)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation first = WARD_WASM; first <= WARD_PROCESS; first++)
                for (enum ward_isolation second = WARD_WASM; second <= WARD_PROCESS; second++)
                        end_while_called(host, first, second);
        assert_int_equal(n_not_released, 0);
        ward_host_free(host);
}

/* --- Threads ------------------------------------------------------------------------------------ */

enum { RACES = 200 };

struct race {
        struct ward_host *host;
        pthread_barrier_t start;
        uint64_t tokens[STANDS];
        struct objects *objects;
};

static void *give_back(void *data)
{
        struct race *race = data;
        pthread_barrier_wait(&race->start);
        for (int i = 0; i < STANDS; i++) {
                ward_token_is_local(race->host, race->tokens[i]);
                assert_int_equal(ward_token_release(race->host, race->tokens[i], NULL), 0);
        }
        objects_release(race->objects);
        return NULL;
}

/* One thread gives everything back while another unloads the domain. */
TEST(an_unload_while_tokens_go)
{
        struct race race = { .host = host_start() };
        pthread_barrier_init(&race.start, NULL, 2);
        for (int i = 0; i < RACES; i++) {
                struct context context = { 0 };
                struct objects_services services = services_for(&context);
                struct ward_domain_options options = { .size = sizeof options, .isolation = WARD_WASM };
                struct ward_domain *domain;
                pthread_t thread;
                assert_good(ward_domain_new(race.host, &options, &domain, NULL), NULL);
                race.objects = activate_into(race.host, WARD_WASM, domain, &services);
                for (int j = 0; j < STANDS; j++)
                        race.tokens[j] = counter_new(race.objects, j).__handle;
                pthread_create(&thread, NULL, give_back, &race);
                pthread_barrier_wait(&race.start);
                assert_good(ward_domain_unload(domain, NULL), NULL);
                pthread_join(thread, NULL);
                ward_domain_release(domain);
        }
        pthread_barrier_destroy(&race.start);
        ward_host_free(race.host);
}

/* --- Faults ------------------------------------------------------------------------------------- */

static struct ward_host *faulty_host;
static counter of_faulty[2];
static _Atomic int n_faults, on_fault_result;

static void on_fault(void *data, struct ward_domain *domain, const struct ward_fault *fault)
{
        n_faults++;
        on_fault_result = ward_token_release(faulty_host, of_faulty[0].__handle, NULL);
}

/* While the add-in is held by more than that. */
TEST(tokens_are_given_back_on_fault)
{
        const struct ward_host_options options = { .size = sizeof options, .on_fault = on_fault };
        assert_int_equal(ward_host_new(&options, &faulty_host, NULL), 0);
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { 0 };
                struct objects_services services = services_for(&context);
                struct objects *objects = activate(faulty_host, kind, &services);
                objects_string_t how = text("crash");
                struct ward_fault fault;
                of_faulty[0] = counter_new(objects, 1);
                of_faulty[1] = counter_new(objects, 2);
                on_fault_result = -1;
                n_faults = 0;
                assert_true(objects_acts_end(objects, &how, of_faulty[1], sink_new("given"), &fault) < 0);
                assert_int_equal(n_faults, 1);
                assert_int_equal(on_fault_result, 0);
                assert_int_equal(context.destroyed, 1);
                assert_int_equal(ward_token_release(faulty_host, of_faulty[0].__handle, NULL), -WARD_FAULT_USAGE);
                objects_release(objects);
        }
        ward_host_free(faulty_host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_contract_without_its_resources), TEST_CASE(domains_of_other_hosts),
                         TEST_CASE(objects_of_an_add_in_that_was_released), TEST_CASE_LONG(more_objects_than_a_host_holds, 60),
                         TEST_CASE_LONG(two_domains_that_hold_each_other, 30), TEST_CASE_LONG(an_end_waits_for_no_other_domain, 30),
                         TEST_CASE_LONG(an_unload_while_tokens_go, 60), TEST_CASE(tokens_are_given_back_on_fault));
}
