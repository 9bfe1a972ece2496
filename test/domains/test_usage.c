/* What a domain has used. */
#include <pthread.h>
#include <string.h>
#include "test/domains/cells.h"

TEST(memory)
{
        struct ward_host *host = host_start();
        struct ward_domain_options options = { .size = sizeof options, .isolation = WARD_WASM };
        struct ward_domain *domain;
        struct ward_fault fault;
        options.limits.size = sizeof options.limits;
        options.limits.memory_bytes = 100 * PAGE;
        assert_good(ward_domain_new(host, &options, &domain, &fault), &fault);
        struct ward_usage usage = usage_of(domain);
        assert_int_equal(usage.counted & WARD_USAGE_MEMORY, WARD_USAGE_MEMORY);
        assert_int_equal(usage.memory_bytes, 0);
        assert_int_equal(usage.memory_max_bytes, 100 * PAGE);
        struct cell *a = cell_with(host, domain, NULL), *b = cell_with(host, domain, NULL);
        grow(a, 4);
        usage = usage_of(domain);
        assert_int_equal(usage.addins, 2);
        assert_int_equal(usage.instances, 2);
        assert_int_equal(usage.memory_bytes, 6 * PAGE);
        assert_int_equal(usage.memory_survived_bytes, 6 * PAGE);
        assert_int_equal(usage.memory_peak_bytes, 6 * PAGE);
        cell_release(a);
        usage = usage_of(domain);
        assert_int_equal(usage.addins, 1);
        assert_int_equal(usage.instances, 1);
        assert_int_equal(usage.memory_bytes, PAGE);
        assert_int_equal(usage.memory_peak_bytes, 6 * PAGE);
        assert_int_equal(usage.memory_allocated_bytes, 6 * PAGE);
        a = cell_with(host, domain, NULL);
        assert_int_equal(usage_of(domain).memory_allocated_bytes, 7 * PAGE);
        cell_release(a);
        cell_release(b);
        assert_good(ward_domain_unload(domain, &fault), &fault);
        usage = usage_of(domain);
        assert_int_equal(usage.memory_bytes, 0);
        assert_int_equal(usage.memory_allocated_bytes, 7 * PAGE);
        ward_domain_release(domain);
        ward_host_free(host);
}

TEST(calls_and_faults)
{
        struct ward_host *host = host_start();
        struct cell *cell = cell_in(host);
        struct ward_domain *domain = cell_domain(cell);
        struct ward_fault fault;
        assert_int_equal(usage_of(domain).calls, 0);
        for (int i = 0; i < 10; i++)
                sum(cell, 1, 2);
        struct ward_usage usage = usage_of(domain);
        assert_int_equal(usage.calls, 10);
        assert_int_equal(usage.faults, 0);
        assert_int_equal(cell_trap(cell, &fault), -WARD_FAULT_TRAP);
        usage = usage_of(domain);
        assert_int_equal(usage.calls, 11);
        assert_int_equal(usage.faults, 1);
        assert_int_equal(usage.counted & WARD_USAGE_CPU, 0);
        assert_int_equal(usage.cpu_ns, 0);
        cell_release(cell);
        ward_host_free(host);
}

TEST(processor_time)
{
        const struct ward_quota quota = { .size = sizeof quota, .account_cpu = true };
        struct ward_host *host = host_start();
        struct cell *cell = cell_with(host, NULL, &quota);
        struct ward_domain *domain = cell_domain(cell);
        struct ward_fault fault;
        uint64_t ret, before = usage_of(domain).cpu_ns;
        assert_int_equal(usage_of(domain).counted & WARD_USAGE_CPU, WARD_USAGE_CPU);
        assert_good(cell_spin(cell, 3000000, &ret, &fault), &fault);
        uint64_t once = usage_of(domain).cpu_ns - before;
        assert_true(once > 100000);
        assert_true(once < 2000000000);
        for (int i = 0; i < 3; i++)
                assert_good(cell_spin(cell, 3000000, &ret, &fault), &fault);
        assert_true(usage_of(domain).cpu_ns - before > 2 * once);
        cell_release(cell);
        ward_host_free(host);
}

static void *spin(void *data)
{
        struct ward_fault fault;
        uint64_t ret;
        return cell_spin(data, UINT64_MAX, &ret, &fault) == -WARD_FAULT_UNLOADED ? NULL : data;
}

/* Of a call that is under way, from another thread. */
TEST(processor_time_of_a_call_under_way)
{
        const struct ward_quota quota = { .size = sizeof quota, .account_cpu = true };
        struct ward_host *host = host_start();
        struct cell *cell = cell_with(host, NULL, &quota);
        struct ward_domain *domain = cell_domain(cell);
        struct ward_fault fault;
        pthread_t thread;
        void *failed;
        cell_set_deadline(cell, 0);
        assert_int_equal(pthread_create(&thread, NULL, spin, cell), 0);
        while (usage_of(domain).cpu_ns < 20000000)
                sched_yield();
        assert_int_equal(usage_of(domain).calls, 1);
        assert_good(ward_domain_unload(domain, &fault), &fault);
        pthread_join(thread, &failed);
        assert_null(failed);
        assert_true(usage_of(domain).cpu_ns >= 20000000);
        cell_release(cell);
        ward_host_free(host);
}

/* Several instances of one add-in, and what they have together. */
TEST(pooled)
{
        struct ward_host *host = host_start();
        struct ward_domain_options options = { .size = sizeof options, .isolation = WARD_WASM, .instances = 3 };
        struct ward_domain *domain;
        struct ward_fault fault;
        assert_good(ward_domain_new(host, &options, &domain, &fault), &fault);
        struct cell *cell = cell_with(host, domain, NULL);
        sum(cell, 1, 2);
        struct ward_usage usage = usage_of(domain);
        assert_int_equal(usage.addins, 1);
        assert_in_range(usage.instances, 1, 3);
        assert_int_equal(usage.memory_bytes, usage.instances * PAGE);
        assert_int_equal(usage.calls, 1);
        cell_release(cell);
        assert_int_equal(usage_of(domain).instances, 0);
        assert_int_equal(usage_of(domain).calls, 1);
        ward_domain_unload(domain, NULL);
        ward_domain_release(domain);
        ward_host_free(host);
}

/* What was not counted says so. */
TEST(other_kinds)
{
        struct ward_host *host = host_start();
        struct ward_usage usage = usage_of(ward_host_default_domain(host));
        assert_int_equal(usage.counted, WARD_USAGE_ADDINS | WARD_USAGE_FAULTS);
        assert_int_equal(usage.memory_bytes, 0);
        ward_host_free(host);
}

TEST(sizes)
{
        struct ward_host *host = host_start();
        struct ward_domain *domain = ward_host_default_domain(host);
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_quota quota = { .size = sizeof quota + 8 };
        struct ward_usage usage = { .size = 8 };
        struct ward_fault fault;
        struct cell *cell;
        assert_int_equal(ward_domain_usage(domain, &usage, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "ward_usage.size");
        options.quota = &quota;
        assert_int_equal(cell_activate(host, addin_file("cell", WARD_WASM), &options, NULL, &cell, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "ward_quota.size");
        /* as a header has it that knows no quota */
        memset(&options.quota, 0xff, sizeof options.quota);
        options.size = offsetof(struct ward_activate_options, quota);
        assert_good(cell_activate(host, addin_file("cell", WARD_WASM), &options, NULL, &cell, &fault), &fault);
        cell_release(cell);
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(memory), TEST_CASE(calls_and_faults), TEST_CASE(processor_time),
                         TEST_CASE(processor_time_of_a_call_under_way), TEST_CASE(pooled), TEST_CASE(other_kinds),
                         TEST_CASE(sizes));
}
