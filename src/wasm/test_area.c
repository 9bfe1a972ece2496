#include "wasm/area.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/harness/harness.h"
#include "wasm/linear.h"

enum { MANY = WASM_AREAS_KEPT + 50 };

#define SIZE  wasm_memory_reservation(0)
#define PAGES 4096u

static struct wasm_area taken(uint64_t open)
{
        struct wasm_area area = { 0 };
        assert_int_equal(wasm_area_take(SIZE, open, &area), 0);
        assert_int_equal(area.open, open);
        return area;
}

static bool is_zero(const struct wasm_area *area)
{
        for (uint64_t i = 0; i < area->open; i += 8)
                if (*(const uint64_t *)(const void *)(area->base + i))
                        return false;
        return true;
}

/* What the kernel cannot read for a process, the process cannot. */
static bool is_accessible(const uint8_t *at)
{
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        bool can = write(ends[1], at, 1) == 1;
        assert_true(can || errno == EFAULT);
        close(ends[0]);
        close(ends[1]);
        return can;
}

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

/* --- What one leaves, no other sees ----------------------------------------------------------- */

TEST(nothing_is_left)
{
        static const uint64_t opens[] = { 1, 1, 4, 2, 17, 1, 40, 17, 3, 0, 1 };
        struct wasm_window window = { 0 };
        for (unsigned round = 0; round < 20; round++)
                for (unsigned i = 0; i < sizeof opens / sizeof *opens; i++) {
                        struct wasm_area area = taken(opens[i] * WASM_PAGE);
                        assert_true(is_zero(&area));
                        memset(area.base, 0xa5, area.open);
                        assert_true(wasm_area_open(&area, area.open + 3 * WASM_PAGE));
                        for (uint64_t at = opens[i] * WASM_PAGE; at < area.open; at++)
                                assert_int_equal(area.base[at], 0);
                        memset(area.base, 0x5a, area.open);
                        wasm_area_give(&area, &window);
                        assert_null(area.base);
                }
        wasm_areas_drop();
}

/* Pages here and there, so that windows are found and missed. */
TEST(nothing_is_left_of_a_few_pages)
{
        struct wasm_window window = { 0 };
        srand(1);
        for (unsigned round = 0; round < 2000; round++) {
                struct wasm_area area = taken((1 + (unsigned)rand() % 20) * (uint64_t)WASM_PAGE);
                uint64_t pages = area.open / PAGES, near = (uint64_t)rand() % pages;
                if (round % 50 == 0)
                        assert_true(is_zero(&area));
                uint8_t *used[4];
                for (unsigned i = 0; i < 4; i++) {
                        used[i] = area.base + (rand() % 3 ? (near + i) % pages : (uint64_t)rand() % pages) * PAGES;
                        for (unsigned at = 0; at < PAGES; at++)
                                assert_int_equal(used[i][at], 0);
                }
                for (unsigned i = 0; i < 4; i++)
                        used[i][rand() % (int)PAGES] = 1;
                wasm_area_give(&area, &window);
        }
        wasm_areas_drop();
}

TEST(only_what_is_open_is_accessible)
{
        struct wasm_window window = { 0 };
        struct wasm_area area = taken(3 * WASM_PAGE);
        assert_true(is_accessible(area.base + 3 * WASM_PAGE - 1));
        assert_false(is_accessible(area.base + 3 * WASM_PAGE));
        assert_false(is_accessible(area.base + area.size - 1));
        const uint8_t *before = area.base;
        wasm_area_give(&area, &window);
        area = taken(WASM_PAGE);
        assert_ptr_equal(area.base, before); /* the same, smaller */
        assert_true(is_accessible(area.base + WASM_PAGE - 1));
        assert_false(is_accessible(area.base + WASM_PAGE));
        wasm_area_give(&area, &window);
        area = taken(0);
        assert_false(is_accessible(area.base));
        wasm_area_give(&area, &window);
        wasm_areas_drop();
}

TEST(what_is_held_does_not_move)
{
        struct wasm_window window = { 0 };
        struct wasm_area area, neighbours[8];
        assert_int_equal(wasm_area_take_plain(WASM_PAGE, &area), 0);
        for (unsigned i = 0; i < 8; i++)
                assert_int_equal(wasm_area_take_plain(WASM_PAGE, &neighbours[i]), 0);
        const uint8_t *before = area.base;
        area.held++;
        bool grown = wasm_area_open(&area, 1000 * WASM_PAGE);
        assert_ptr_equal(area.base, before);
        assert_int_equal(area.open, grown ? 1000 * WASM_PAGE : WASM_PAGE);
        area.held--;
        assert_true(wasm_area_open(&area, 1000 * WASM_PAGE));
        wasm_area_give(&area, &window);
        for (unsigned i = 0; i < 8; i++)
                wasm_area_give(&neighbours[i], &window);
        wasm_areas_drop();
}

/* --- What is kept ----------------------------------------------------------------------------- */

TEST(keeps_so_many)
{
        static struct wasm_area areas[MANY];
        struct wasm_window window = { 0 };
        uint64_t before = status_kib("VmSize");
        for (unsigned i = 0; i < MANY; i++) {
                areas[i] = taken(WASM_PAGE);
                areas[i].base[0] = 1;
        }
        assert_int_equal(wasm_areas_used(), MANY);
        for (unsigned i = 0; i < MANY; i++)
                wasm_area_give(&areas[i], &window);
        assert_int_equal(wasm_areas_used(), 0);
        assert_in_range(status_kib("VmSize"), before, before + WASM_AREAS_KEPT * (SIZE >> 10) + 4096);
        wasm_areas_drop();
        assert_in_range(status_kib("VmSize"), before, before + 4096);
}

TEST(keeps_so_much)
{
        static struct wasm_area areas[WASM_AREAS_KEPT];
        struct wasm_window window = { 0 };
        uint64_t before = status_kib("VmRSS");
        for (unsigned i = 0; i < WASM_AREAS_KEPT; i++) {
                areas[i] = taken(16 * WASM_PAGE);
                memset(areas[i].base, 1, areas[i].open);
        }
        for (unsigned i = 0; i < WASM_AREAS_KEPT; i++)
                wasm_area_give(&areas[i], &window);
        assert_in_range(status_kib("VmRSS"), before + 1024, before + (WASM_BYTES_KEPT >> 10) + 4096);
        wasm_areas_drop();
        assert_in_range(status_kib("VmRSS"), 1, before + 4096);
}

/* One that needs more is not given an area for less. */
TEST(sizes)
{
        struct wasm_window window = { 0 };
        struct wasm_area small = taken(WASM_PAGE), large;
        const uint8_t *at = small.base;
        wasm_area_give(&small, &window);
        uint64_t more = wasm_memory_reservation(UINT32_MAX);
        assert_true(more >= (8ull << 30));
        assert_int_equal(wasm_area_take(more, WASM_PAGE, &large), 0);
        assert_ptr_not_equal(large.base, at);
        assert_false(is_accessible(large.base + more - 1));
        wasm_area_give(&large, &window);
        wasm_areas_drop();
}

#ifndef __SANITIZE_ADDRESS__ /* which takes all address space */

TEST(no_address_space)
{
        struct wasm_window window = { 0 };
        struct rlimit limit = { 1ull << 30, 1ull << 30 };
        struct wasm_area kept = taken(WASM_PAGE), area = { 0 };
        wasm_area_give(&kept, &window);
        assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
        kept = taken(WASM_PAGE);
        assert_int_equal(wasm_area_take(SIZE, WASM_PAGE, &area), -ENOMEM);
        assert_null(area.base);
        assert_int_equal(wasm_areas_used(), 1);
        wasm_area_give(&kept, &window);
        assert_int_equal(wasm_areas_used(), 0);
}

#define WITHOUT_ADDRESS_SPACE TEST_CASE(no_address_space),

#else
#define WITHOUT_ADDRESS_SPACE
#endif

/* --- Forks and threads ------------------------------------------------------------------------ */

static int in_child(struct wasm_area *area, struct wasm_window *window)
{
        bool there = is_accessible(area->base);
        wasm_area_give(area, window);
        struct wasm_area own = { 0 };
        if (there || wasm_areas_used() || wasm_area_take(SIZE, WASM_PAGE, &own) || !is_zero(&own))
                return 1;
        memset(own.base, 1, own.open);
        wasm_area_give(&own, window);
        wasm_areas_drop();
        return 0;
}

TEST(a_forked_child_has_its_own)
{
        struct wasm_window window = { 0 };
        struct wasm_area area = taken(WASM_PAGE), kept = taken(WASM_PAGE);
        int status;
        wasm_area_give(&kept, &window);
        memset(area.base, 7, area.open);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (!pid)
                _exit(in_child(&area, &window));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(area.base[WASM_PAGE - 1], 7);
        wasm_area_give(&area, &window);
        wasm_areas_drop();
}

/* What is closed stays so when it is taken again, or is opened, as whoever takes it wants it. */
TEST(keeps_the_first_bytes_closed)
{
        struct wasm_window windows[2] = { 0 };
        for (unsigned i = 0; i < 40; i++) {
                unsigned closes = i % 3 != 0;
                struct wasm_area area = taken((1 + i % 4) * (uint64_t)WASM_PAGE);
                assert_true(wasm_area_close(&area, closes ? PAGES : 0));
                assert_int_equal(is_accessible(area.base), !closes);
                assert_int_equal(is_accessible(area.base + PAGES - 1), !closes);
                assert_true(is_accessible(area.base + PAGES));
                assert_true(wasm_area_open(&area, area.open + WASM_PAGE));
                assert_int_equal(is_accessible(area.base), !closes);
                for (uint64_t at = closes ? PAGES : 0; at < area.open; at++)
                        assert_int_equal(area.base[at], 0);
                memset(area.base + (closes ? PAGES : 0), 0xa5, area.open - (closes ? PAGES : 0));
                wasm_area_give(&area, &windows[closes]);
        }
        wasm_areas_drop();
}

static void *take_and_give(void *data)
{
        struct wasm_window *window = data;
        for (unsigned i = 0; i < 3000; i++) {
                struct wasm_area area;
                if (wasm_area_take(SIZE, (1 + i % 3) * (uint64_t)WASM_PAGE, &area) || !is_zero(&area))
                        return data;
                area.base[i % area.open] = 1;
                area.base[area.open - 1] = 1;
                wasm_area_give(&area, window);
        }
        return NULL;
}

TEST(any_thread)
{
        struct wasm_window window = { 0 };
        pthread_t threads[4];
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &window), 0);
        for (unsigned i = 0; i < 4; i++) {
                void *failed;
                pthread_join(threads[i], &failed);
                assert_null(failed);
        }
        assert_int_equal(wasm_areas_used(), 0);
        wasm_areas_drop();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, WITHOUT_ADDRESS_SPACE TEST_CASE(nothing_is_left), TEST_CASE(nothing_is_left_of_a_few_pages),
                         TEST_CASE(only_what_is_open_is_accessible), TEST_CASE(what_is_held_does_not_move),
                         TEST_CASE(keeps_so_many), TEST_CASE(keeps_so_much), TEST_CASE(keeps_the_first_bytes_closed),
                         TEST_CASE(sizes), TEST_CASE(a_forked_child_has_its_own), TEST_CASE(any_thread));
}
