/* Memory of ward_alloc: passed from at every kind, in place where the kind is process, and freed at any time. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bulk_host.h"
#include "test/support.h"

enum { SIZE = 3 << 20, PAGE = 4096 };

static const struct {
        enum ward_isolation kind;
        const char *addin;
} places[] = { { WARD_DIRECT, "bulk" },
               { WARD_DIRECT, "bulk_borrowing" },
               { WARD_WASM, "bulk" },
               { WARD_PROCESS, "bulk" },
               { WARD_PROCESS, "bulk_borrowing" } };

enum { PLACES = sizeof places / sizeof *places };

struct stage {
        struct ward_host *host;
        struct bulk *bulk;
        struct ward_domain *domain;
        uint8_t *block;
};

static void meanwhile(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        void *other;
        assert_good(ward_free(stage->host, stage->block, &fault), &fault);
        assert_int_equal(ward_free(stage->host, stage->block, &fault), -WARD_FAULT_USAGE);
        assert_good(ward_alloc(stage->domain, SIZE, &other, &fault), &fault);
        memset(other, 0xee, SIZE);
        assert_good(ward_free(stage->host, other, &fault), &fault);
}

static struct bulk_services services;

static void open_with(struct stage *stage, enum ward_isolation kind, const char *addin, uint64_t arena_bytes)
{
        struct ward_activate_options options = options_for(kind);
        struct ward_fault fault;
        services = (struct bulk_services){ .data = stage, .meanwhile = meanwhile };
        stage->host = host_start();
        options.deadline_ms = 20000;
        options.limits.size = sizeof options.limits;
        options.limits.arena_bytes = arena_bytes;
        assert_good(bulk_activate(stage->host, addin_file(addin, kind), &options, &services, &stage->bulk, &fault), &fault);
        stage->domain = ward_instance_domain((struct ward_instance *)stage->bulk);
}

static void close_stage(struct stage *stage)
{
        bulk_release(stage->bulk);
        ward_host_free(stage->host);
}

static uint8_t *alloc(struct stage *stage, size_t size)
{
        struct ward_fault fault;
        void *block = NULL;
        assert_good(ward_alloc(stage->domain, size, &block, &fault), &fault);
        for (size_t i = 0; i < size; i++)
                ((uint8_t *)block)[i] = (uint8_t)(' ' + i * 13 % 90);
        return block;
}

static void drop(struct stage *stage, void *block)
{
        struct ward_fault fault;
        assert_good(ward_free(stage->host, block, &fault), &fault);
}

static uint64_t sum_of(const void *data, size_t len)
{
        const uint8_t *at = data;
        uint64_t sum = 0;
        for (size_t i = 0; i < len; i++)
                sum += at[i] * (1 + i);
        return sum;
}

static uint64_t address(struct stage *stage, uint8_t *at)
{
        bulk_list_u8_t list = { at, 100 };
        struct ward_fault fault;
        uint64_t ret = 0;
        assert_good(bulk_address(stage->bulk, &list, &ret, &fault), &fault);
        return ret;
}

static void pass_all(struct stage *stage, uint8_t *block)
{
        struct ward_fault fault;
        uint64_t sum = 0;
        const size_t froms[] = { 0, 1, 63, PAGE, SIZE - 1 };
        for (size_t i = 0; i < sizeof froms / sizeof *froms; i++) {
                size_t from = froms[i];
                bulk_list_u8_t list = { block + from, SIZE - from };
                bulk_string_t text = { block + from, SIZE - from };
                assert_good(bulk_sum(stage->bulk, &list, &sum, &fault), &fault);
                assert_true(sum == sum_of(block + from, SIZE - from));
                assert_good(bulk_text(stage->bulk, &text, &sum, &fault), &fault);
                assert_true(sum == sum_of(block + from, SIZE - from));
        }
        bulk_list_pixel_t pixels = { (bulk_pixel_t *)(void *)(block + 1), 1000 };
        assert_good(bulk_pixels(stage->bulk, &pixels, &sum, &fault), &fault);
        assert_true(sum == sum_of(block + 1, 4000));
        bulk_list_u32_t head = { (uint32_t *)(void *)block, PAGE / 4 };
        bulk_string_t text = { block + PAGE, PAGE };
        bulk_list_u64_t tail = { (uint64_t *)(void *)(block + 2 * PAGE), PAGE / 8 };
        assert_good(bulk_several(stage->bulk, &head, &text, &tail, &sum, &fault), &fault);
        assert_true(sum == sum_of(block, 3 * PAGE));
        bulk_list_u8_t none = { block, 0 };
        assert_good(bulk_sum(stage->bulk, &none, &sum, &fault), &fault);
        assert_int_equal(sum, 0);
}

TEST(passes_at_every_kind)
{
        for (int i = 0; i < PLACES; i++) {
                struct stage stage;
                open_with(&stage, places[i].kind, places[i].addin, 0);
                uint8_t *block = alloc(&stage, SIZE);
                pass_all(&stage, block);
                drop(&stage, block);
                close_stage(&stage);
        }
}

/* A copy would begin at the same place, wherever the bytes came from. */
TEST(is_read_in_place)
{
        struct stage stage;
        open_with(&stage, WARD_PROCESS, "bulk_borrowing", 0);
        uint8_t *block = alloc(&stage, SIZE);
        assert_int_equal(address(&stage, block + 12345) - address(&stage, block), 12345);
        assert_int_equal(address(&stage, block + SIZE - 100) - address(&stage, block), SIZE - 100);
        drop(&stage, block);
        close_stage(&stage);
}

TEST(may_be_freed_while_a_call_reads_it)
{
        for (int i = 0; i < PLACES; i++) {
                struct stage stage;
                struct ward_fault fault;
                uint64_t sum = 0;
                if (places[i].kind == WARD_DIRECT) /* a plain C call: nothing of Ward's sees it */
                        continue;
                open_with(&stage, places[i].kind, places[i].addin, 0);
                for (int round = 0; round < 3; round++) {
                        stage.block = alloc(&stage, SIZE);
                        bulk_list_u8_t list = { stage.block, SIZE };
                        uint64_t expected = sum_of(list.ptr, list.len);
                        assert_good(bulk_sum_around(stage.bulk, &list, &sum, &fault), &fault);
                        assert_true(sum == expected);
                }
                close_stage(&stage);
        }
}

TEST(elements_that_are_not_plain_are_copied)
{
        for (int i = 0; i < PLACES; i++) {
                struct stage stage;
                struct ward_fault fault;
                uint64_t got = 0;
                open_with(&stage, places[i].kind, places[i].addin, 0);
                uint8_t *block = alloc(&stage, SIZE);
                bulk_lamp_t *lamps = (bulk_lamp_t *)(void *)block;
                for (uint32_t k = 0; k < 100; k++)
                        lamps[k] = (bulk_lamp_t){ .watts = k, .on = k % 2 };
                bulk_list_lamp_t list = { lamps, 100 };
                assert_good(bulk_lamps(stage.bulk, &list, &got, &fault), &fault);
                assert_int_equal(got, 2500);
                drop(&stage, block);
                close_stage(&stage);
        }
}

/* An add-in that could change a pointer while it is followed would read the host's memory. */
TEST(pointers_are_not_followed_from_there)
{
        struct stage stage;
        struct ward_fault fault;
        uint64_t sum = 0;
        open_with(&stage, WARD_PROCESS, "bulk", 0);
        uint8_t *block = alloc(&stage, SIZE);
        bulk_string_t *texts = (bulk_string_t *)(void *)(block + PAGE);
        texts[0] = (bulk_string_t){ block, 10 };
        bulk_list_string_t list = { texts, 1 };
        assert_int_equal(bulk_texts(stage.bulk, &list, &sum, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "ward_alloc");
        bulk_string_t outside[] = { { block, 10 }, { (uint8_t *)"ab", 2 } };
        list = (bulk_list_string_t){ outside, 2 };
        assert_good(bulk_texts(stage.bulk, &list, &sum, &fault), &fault);
        assert_true(sum == sum_of(block, 10) + 'a' + 2 * 'b');
        drop(&stage, block);
        close_stage(&stage);
}

TEST(text_there_is_checked)
{
        struct stage stage;
        struct ward_fault fault;
        uint64_t sum = 0;
        open_with(&stage, WARD_PROCESS, "bulk", 0);
        uint8_t *block = alloc(&stage, SIZE);
        block[SIZE - 1] = 0xc3;
        bulk_string_t text = { block, SIZE };
        assert_int_equal(bulk_text(stage.bulk, &text, &sum, &fault), -WARD_FAULT_USAGE);
        drop(&stage, block);
        close_stage(&stage);
}

TEST(what_is_no_block_is_refused)
{
        struct stage stage;
        struct ward_fault fault;
        uint64_t sum = 0;
        open_with(&stage, WARD_PROCESS, "bulk", 0);
        uint8_t *first = alloc(&stage, 1), *second = alloc(&stage, PAGE);
        int local = 0;
        assert_int_equal(ward_free(stage.host, &local, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_free(stage.host, second + 1, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_free(stage.host, NULL, &fault), 0);
        assert_int_equal(ward_free(NULL, second, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_alloc(NULL, 1, NULL, &fault), -WARD_FAULT_USAGE);
        bulk_list_u8_t across = { second, PAGE + 1 };
        assert_int_equal(bulk_sum(stage.bulk, &across, &sum, &fault), -WARD_FAULT_USAGE);
        drop(&stage, second);
        assert_int_equal(ward_free(stage.host, second, &fault), -WARD_FAULT_USAGE);
        bulk_list_u8_t gone = { second, 10 };
        assert_int_equal(bulk_sum(stage.bulk, &gone, &sum, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "ward_alloc");
        bulk_list_u8_t there = { first, 1 };
        assert_good(bulk_sum(stage.bulk, &there, &sum, &fault), &fault);
        drop(&stage, first);
        close_stage(&stage);
}

TEST(counts_against_the_limit)
{
        struct stage stage;
        struct ward_fault fault;
        void *blocks[64], *more = NULL;
        int n = 0;
        open_with(&stage, WARD_PROCESS, "bulk", 4 << 20);
        assert_int_equal(ward_alloc(stage.domain, 5 << 20, &more, &fault), -WARD_FAULT_LIMIT);
        assert_int_equal(ward_alloc(stage.domain, SIZE_MAX, &more, &fault), -WARD_FAULT_LIMIT);
        while (!ward_alloc(stage.domain, 256 << 10, &blocks[n], &fault))
                n++;
        assert_int_equal(fault.kind, WARD_FAULT_LIMIT);
        assert_says(&fault, "limits.arena_bytes");
        assert_true(n >= 14 && n <= 16);
        for (int i = 0; i < n; i++)
                drop(&stage, blocks[i]);
        void *large = alloc(&stage, SIZE);
        drop(&stage, large);
        close_stage(&stage);
}

/* More blocks in one call than are lent at a time. */
TEST(many_at_once)
{
        struct stage stage;
        struct ward_fault fault;
        enum { MANY = 40 };
        bulk_string_t texts[MANY];
        uint64_t expected = 0, sum = 0;
        open_with(&stage, WARD_PROCESS, "bulk", 0);
        for (int i = 0; i < MANY; i++) {
                texts[i] = (bulk_string_t){ alloc(&stage, PAGE), PAGE };
                expected += sum_of(texts[i].ptr, PAGE);
        }
        bulk_list_string_t list = { texts, MANY };
        assert_good(bulk_texts(stage.bulk, &list, &sum, &fault), &fault);
        assert_true(sum == expected);
        for (int i = 0; i < MANY; i++)
                drop(&stage, texts[i].ptr);
        close_stage(&stage);
}

TEST(outlives_its_domain)
{
        for (int i = 0; i < PLACES; i++) {
                struct stage stage;
                struct ward_fault fault;
                void *late = NULL;
                uint64_t sum = 0;
                if (places[i].kind == WARD_DIRECT)
                        continue;
                open_with(&stage, places[i].kind, places[i].addin, 0);
                uint8_t *block = alloc(&stage, SIZE), *left = alloc(&stage, PAGE);
                bulk_list_u8_t list = { block, SIZE };
                assert_true(bulk_crash(stage.bulk, &list, &fault) < 0);
                memset(block, 'y', SIZE);
                assert_int_equal(bulk_sum(stage.bulk, &list, &sum, &fault), -WARD_FAULT_UNLOADED);
                assert_int_equal(ward_alloc(stage.domain, 1, &late, &fault), -WARD_FAULT_UNLOADED);
                bulk_release(stage.bulk);
                assert_int_equal(block[SIZE - 1], 'y');
                drop(&stage, block);
                assert_int_equal(ward_free(stage.host, block, &fault), -WARD_FAULT_USAGE);
                left[0] = 'z';
                ward_host_free(stage.host);
        }
}

TEST(is_exposed)
{
        struct stage stage;
        struct ward_fault fault;
        open_with(&stage, WARD_PROCESS, "bulk_borrowing", 0);
        uint8_t *block = alloc(&stage, PAGE);
        bulk_list_u8_t list = { block, PAGE };
        assert_good(bulk_scribble(stage.bulk, &list, &fault), &fault);
        assert_int_equal(block[0], 'x');
        drop(&stage, block);
        close_stage(&stage);
}

static void *free_it(void *data)
{
        struct stage *stage = data;
        drop(stage, stage->block);
        return NULL;
}

TEST(another_thread_may_free_it)
{
        struct stage stage;
        pthread_t thread;
        open_with(&stage, WARD_PROCESS, "bulk", 0);
        for (int i = 0; i < 20; i++) {
                stage.block = alloc(&stage, SIZE);
                assert_int_equal(pthread_create(&thread, NULL, free_it, &stage), 0);
                assert_int_equal(pthread_join(thread, NULL), 0);
        }
        close_stage(&stage);
}

TEST(is_not_in_a_forked_child)
{
        struct stage stage;
        struct ward_fault fault;
        int status = 0;
        open_with(&stage, WARD_PROCESS, "bulk", 0);
        uint8_t *block = alloc(&stage, PAGE);
        pid_t child = fork();
        if (!child) {
                bool good = ward_free(stage.host, block, &fault) == -WARD_FAULT_USAGE;
                void *more;
                good = good && ward_alloc(stage.domain, 1, &more, &fault) == -WARD_FAULT_UNLOADED;
                good = good && !ward_alloc(ward_host_default_domain(stage.host), 1, &more, &fault);
                bulk_release(stage.bulk);
                ward_host_free(stage.host);
                _exit(good ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        block[0] = 1;
        drop(&stage, block);
        close_stage(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(passes_at_every_kind), TEST_CASE(is_read_in_place),
                         TEST_CASE(may_be_freed_while_a_call_reads_it), TEST_CASE(elements_that_are_not_plain_are_copied),
                         TEST_CASE(pointers_are_not_followed_from_there), TEST_CASE(text_there_is_checked),
                         TEST_CASE(what_is_no_block_is_refused), TEST_CASE(counts_against_the_limit), TEST_CASE(many_at_once),
                         TEST_CASE(outlives_its_domain), TEST_CASE(is_exposed), TEST_CASE(another_thread_may_free_it),
                         TEST_CASE(is_not_in_a_forked_child));
}
