/* Domains in great numbers: alive at once, and one after the other. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "test/domains/cells.h"

#ifdef __SANITIZE_ADDRESS__ /* which keeps what is freed for a while */
enum { SLACK_KIB = 512 << 10 };
#else
enum { SLACK_KIB = 512 };
#endif

enum { CYCLES = 10000, ALIVE = 1000, CHECKED = 4000, IN_LITTLE_SPACE = 300 };

static uint64_t status_kib(const char *name)
{
        char line[256];
        uint64_t kib = 0;
        FILE *file = fopen("/proc/self/status", "re");
        assert_non_null(file);
        while (fgets(line, sizeof line, file))
                if (!strncmp(line, name, strlen(name)))
                        kib = strtoull(line + strlen(name) + 1, NULL, 10);
        fclose(file);
        return kib;
}

static uint32_t mappings(void)
{
        uint32_t n = 0;
        FILE *file = fopen("/proc/self/maps", "re");
        assert_non_null(file);
        for (int c; (c = getc(file)) != EOF;)
                n += c == '\n';
        fclose(file);
        return n;
}

static struct cell **make(struct ward_host *host, uint32_t n, const struct ward_quota *quota)
{
        struct cell **cells = calloc(n, sizeof(*cells));
        assert_non_null(cells);
        for (uint32_t i = 0; i < n; i++) {
                cells[i] = cell_with(host, NULL, quota);
                assert_int_equal(sum(cells[i], 2, 3), 5);
        }
        return cells;
}

static void release(struct cell **cells, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                cell_release(cells[i]);
        free(cells);
}

TEST(one_after_the_other)
{
        struct ward_host *host = host_start();
        uint64_t resident = 0, addresses = 0;
        for (int i = 0; i < CYCLES; i++) {
                if (i == CYCLES / 2) {
                        resident = status_kib("VmRSS");
                        addresses = status_kib("VmSize");
                }
                struct cell *cell = cell_in(host);
                sum(cell, 2, 3);
                cell_release(cell);
        }
        assert_in_range(status_kib("VmRSS"), 0, resident + SLACK_KIB);
        assert_in_range(status_kib("VmSize"), 0, addresses + SLACK_KIB);
        ward_host_free(host);
}

TEST(alive_at_once)
{
        struct ward_host *host = host_start();
        struct cell *first = cell_in(host);
        uint64_t before = status_kib("VmRSS") + status_kib("VmPTE");
        struct cell **cells = make(host, ALIVE, NULL);
        assert_in_range(status_kib("VmRSS") + status_kib("VmPTE"), 0, before + 16 * ALIVE + SLACK_KIB);
        for (uint32_t i = 0; i < ALIVE; i += 100)
                assert_int_equal(grow(cells[i], 2), 1);
        release(cells, ALIVE);
        cell_release(first);
        ward_host_free(host);
}

/* Without guards they are neighbours, and few mappings for the kernel. */
TEST(checked_ones)
{
        const struct ward_quota quota = { .size = sizeof quota, .bounds = WARD_BOUNDS_CHECKED };
        struct ward_host *host = host_start();
        uint32_t before = mappings();
        struct cell **cells = make(host, CHECKED, &quota);
        assert_in_range(mappings(), 0, before + CHECKED / 10);
        for (uint32_t i = 0; i < CHECKED; i += 400) {
                fill(cells[i]);
                assert_int_equal(grow(cells[i], 2), 1);
                assert_true(dirty(cells[i]) > 0);
                assert_int_equal(dirty(cells[i + 1]), 0);
        }
        release(cells, CHECKED);
        ward_host_free(host);
}

/* A checked memory moves as it grows, and takes with it what is there. */
TEST(checked_ones_grow)
{
        const struct ward_quota quota = { .size = sizeof quota, .bounds = WARD_BOUNDS_CHECKED };
        struct ward_host *host = host_start();
        struct cell *cells[2] = { cell_with(host, NULL, &quota), cell_with(host, NULL, &quota) };
        fill(cells[0]);
        uint32_t filled = dirty(cells[0]);
        for (uint32_t i = 1; i < 50; i++) {
                assert_int_equal(grow(cells[0], 1), i);
                assert_int_equal(dirty(cells[0]), filled);
        }
        fill(cells[0]);
        assert_int_equal(dirty(cells[0]), filled + 49 * PAGE);
        assert_int_equal(dirty(cells[1]), 0);
        cell_release(cells[0]);
        cells[0] = cell_with(host, NULL, &quota);
        assert_int_equal(dirty(cells[0]), 0);
        cell_release(cells[0]);
        cell_release(cells[1]);
        ward_host_free(host);
}

TEST(checked_ones_trap)
{
        const struct ward_quota quota = { .size = sizeof quota, .bounds = WARD_BOUNDS_CHECKED };
        struct ward_host *host = host_start();
        struct cell *cell = cell_with(host, NULL, &quota);
        struct ward_fault fault;
        assert_int_equal(cell_beyond(cell, &fault), -WARD_FAULT_TRAP);
        assert_says(&fault, "out of bounds");
        cell_release(cell);
        ward_host_free(host);
}

#ifndef __SANITIZE_ADDRESS__ /* which takes all address space */

static void limit_address_space(uint64_t bytes)
{
        const struct rlimit limit = { bytes, bytes };
        assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* The host has said nothing. */
TEST(little_address_space)
{
        struct ward_host *host = host_start();
        limit_address_space(6ull << 30);
        struct cell **cells = make(host, IN_LITTLE_SPACE, NULL);
        assert_int_equal(grow(cells[0], 1), 1);
        release(cells, IN_LITTLE_SPACE);
        ward_host_free(host);
}

TEST(guarded_or_not_at_all)
{
        struct ward_quota quota = { .size = sizeof quota, .bounds = WARD_BOUNDS_GUARDED };
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_host *host = host_start();
        struct ward_fault fault;
        struct cell *cell = NULL;
        options.quota = &quota;
        limit_address_space(2ull << 30);
        assert_int_equal(cell_activate(host, addin_file("cell", WARD_WASM), &options, NULL, &cell, &fault), -WARD_FAULT_SYSTEM);
        assert_says(&fault, "address space");
        quota.bounds = (enum ward_bounds)7;
        assert_int_equal(cell_activate(host, addin_file("cell", WARD_WASM), &options, NULL, &cell, &fault), -WARD_FAULT_USAGE);
        ward_host_free(host);
}

#define IN_LITTLE_ADDRESS_SPACE TEST_CASE_LONG(little_address_space, 60), TEST_CASE(guarded_or_not_at_all),

#else
#define IN_LITTLE_ADDRESS_SPACE
#endif

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, IN_LITTLE_ADDRESS_SPACE TEST_CASE_LONG(one_after_the_other, 60), TEST_CASE(alive_at_once),
                         TEST_CASE_LONG(checked_ones, 60), TEST_CASE(checked_ones_grow), TEST_CASE(checked_ones_trap));
}
