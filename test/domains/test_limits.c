/* What a domain may use: over a limit, an add-in is told so, or its call ends. */
#include <pthread.h>
#include <string.h>
#include <ward/event.h>
#include "test/domains/cells.h"

static struct told {
        enum ward_event_kind kind;
        char operation[64];
        char subject[64];
        unsigned times;
} told;

static void on_event(void *data, const struct ward_event *event)
{
        if (event->kind != WARD_EVENT_LIMIT)
                return;
        told.kind = event->kind;
        told.times++;
        strncpy(told.operation, event->operation, sizeof told.operation - 1);
        strncpy(told.subject, event->subject, sizeof told.subject - 1);
}

static struct ward_host *start(void)
{
        const struct ward_host_options options = { .size = sizeof options, .on_event = on_event };
        struct ward_host *host;
        struct ward_fault fault;
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        return host;
}

static struct ward_domain *domain_with(struct ward_host *host, uint64_t memory_bytes, const struct ward_quota *quota)
{
        struct ward_domain_options options = { .size = sizeof options, .isolation = WARD_WASM, .quota = quota };
        struct ward_domain *domain;
        struct ward_fault fault;
        options.limits.size = sizeof options.limits;
        options.limits.memory_bytes = memory_bytes;
        assert_good(ward_domain_new(host, &options, &domain, &fault), &fault);
        return domain;
}

static void end(struct ward_host *host, struct ward_domain *domain)
{
        ward_domain_unload(domain, NULL);
        ward_domain_release(domain);
        ward_host_free(host);
}

/* --- Memory ----------------------------------------------------------------------------------- */

TEST(the_module_is_told)
{
        struct ward_host *host = start();
        struct ward_domain *domain = domain_with(host, 6 * PAGE, NULL);
        struct cell *a = cell_with(host, domain, NULL), *b = cell_with(host, domain, NULL);
        assert_int_equal(grow(a, 3), 1);
        assert_int_equal(grow(a, 2), UINT32_MAX); /* with that of the other */
        assert_int_equal(told.times, 1);
        assert_string_equal(told.operation, "memory.grow");
        assert_string_equal(told.subject, "memory_bytes");
        assert_int_equal(grow(b, 1), 1);
        assert_int_equal(grow(b, 1), UINT32_MAX);
        assert_int_equal(usage_of(domain).memory_bytes, 6 * PAGE);
        assert_int_equal(usage_of(domain).memory_allocated_bytes, 6 * PAGE);
        assert_int_equal(sum(a, 2, 3), 5);
        cell_release(b);
        assert_int_equal(grow(a, 2), 4); /* there is room again */
        cell_release(a);
        end(host, domain);
}

TEST(the_call_ends)
{
        const struct ward_quota quota = { .size = sizeof quota, .limits_end_calls = true };
        struct ward_host *host = start();
        struct ward_domain *domain = domain_with(host, 3 * PAGE, &quota);
        struct cell *cell = cell_with(host, domain, NULL);
        struct ward_fault fault;
        uint32_t ret;
        assert_int_equal(grow(cell, 2), 1);
        assert_int_equal(cell_grow(cell, 1, &ret, &fault), -WARD_FAULT_LIMIT);
        assert_says(&fault, "memory_bytes");
        assert_int_equal(told.times, 0);
        assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_UNLOADED);
        assert_int_equal(usage_of(domain).faults, 1);
        cell_release(cell);
        end(host, domain);
}

TEST(no_room_to_start)
{
        struct ward_host *host = start();
        struct ward_domain *domain = domain_with(host, PAGE + 1, NULL);
        struct cell *a = cell_with(host, domain, NULL), *b = NULL;
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        options.domain = domain;
        assert_int_equal(cell_activate(host, addin_file("cell", WARD_WASM), &options, NULL, &b, &fault), -WARD_FAULT_LIMIT);
        assert_says(&fault, "memory_bytes");
        assert_int_equal(usage_of(domain).memory_bytes, PAGE);
        assert_int_equal(sum(a, 2, 3), 5);
        cell_release(a);
        end(host, domain);
}

/* --- Tables and add-ins ----------------------------------------------------------------------- */

TEST(tables)
{
        const struct ward_quota none = { .size = sizeof none };
        struct ward_host *host = start();
        struct ward_domain *domain = domain_with(host, 0, &none);
        struct cell *cell = cell_with(host, domain, NULL);
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        uint64_t entries = usage_of(domain).table_entries;
        cell_release(cell);
        assert_int_equal(usage_of(domain).table_entries, 0);
        ward_domain_unload(domain, NULL);
        ward_domain_release(domain);
        assert_true(entries > 0);
        const struct ward_quota few = { .size = sizeof few, .table_entries = (uint32_t)entries };
        domain = domain_with(host, 0, &few);
        cell = cell_with(host, domain, NULL);
        options.domain = domain;
        assert_int_equal(cell_activate(host, addin_file("cell", WARD_WASM), &options, NULL, &cell, &fault), -WARD_FAULT_LIMIT);
        assert_says(&fault, "table_entries");
        cell_release(cell);
        end(host, domain);
}

TEST(addins)
{
        const struct ward_quota quota = { .size = sizeof quota, .addins = 2 };
        struct ward_host *host = start();
        struct ward_domain *domain = domain_with(host, 0, &quota);
        struct cell *cells[3] = { cell_with(host, domain, NULL), cell_with(host, domain, NULL), NULL };
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        options.domain = domain;
        assert_int_equal(cell_activate(host, addin_file("cell", WARD_WASM), &options, NULL, &cells[2], &fault), -WARD_FAULT_LIMIT);
        assert_says(&fault, "addins");
        cell_release(cells[0]);
        cells[0] = cell_with(host, domain, NULL);
        cell_release(cells[0]);
        cell_release(cells[1]);
        end(host, domain);
}

/* --- Processor time --------------------------------------------------------------------------- */

static void spins_until_it_is_ended(uint64_t times)
{
        const struct ward_quota quota = { .size = sizeof quota, .cpu_ms = 50 };
        struct ward_host *host = start();
        struct cell *cell = cell_with(host, NULL, &quota);
        struct ward_fault fault;
        uint64_t ret, calls = 0;
        int r = 0;
        cell_set_deadline(cell, 0);
        for (; !r; calls++)
                r = cell_spin(cell, times, &ret, &fault);
        assert_int_equal(r, -WARD_FAULT_LIMIT);
        assert_says(&fault, "cpu_ms");
        assert_int_equal(ward_domain_state(cell_domain(cell)), WARD_DOMAIN_UNLOADED);
        struct ward_usage usage = usage_of(cell_domain(cell));
        assert_in_range(usage.cpu_ns, 50000000, 5000000000);
        assert_int_equal(usage.calls, calls);
        struct cell *other = cell_in(host);
        assert_int_equal(sum(other, 2, 3), 5); /* others go on */
        cell_release(other);
        cell_release(cell);
        ward_host_free(host);
}

TEST(one_long_call)
{
        spins_until_it_is_ended(UINT64_MAX);
}

TEST(many_short_calls)
{
        spins_until_it_is_ended(100000);
}

static void *call_now_and_then(void *data)
{
        struct ward_fault fault;
        uint64_t ret;
        return cell_spin(data, 20000000, &ret, &fault) ? data : NULL;
}

/* Time that passes is no processor time: several threads on few processors. */
TEST(each_by_its_own_clock)
{
        const struct ward_quota quota = { .size = sizeof quota, .cpu_ms = 20000 };
        struct ward_host *host = start();
        struct cell *cells[4];
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) {
                cells[i] = cell_with(host, NULL, &quota);
                cell_set_deadline(cells[i], 0);
                assert_int_equal(pthread_create(&threads[i], NULL, call_now_and_then, cells[i]), 0);
        }
        for (int i = 0; i < 4; i++) {
                void *failed;
                pthread_join(threads[i], &failed);
                assert_null(failed);
                cell_release(cells[i]);
        }
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(the_module_is_told), TEST_CASE(the_call_ends), TEST_CASE(no_room_to_start),
                         TEST_CASE(tables), TEST_CASE(addins), TEST_CASE(one_long_call), TEST_CASE(many_short_calls),
                         TEST_CASE_LONG(each_by_its_own_clock, 60));
}
