/* Large lists and strings, which the add-in's side takes over while the host still writes them: at the edges of pieces and blocks,
 * several in a call, and when something goes wrong meanwhile. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bulk_host.h"
#include "test/support.h"

enum { LEAST = 64 << 10, PIECE = 16 << 10, LARGE = 10000000, MOST = 12 << 20 };

static const struct {
        enum ward_isolation kind;
        const char *addin;
} places[] = { { WARD_DIRECT, "bulk" },
               { WARD_DIRECT, "bulk_borrowing" },
               { WARD_WASM, "bulk" },
               { WARD_PROCESS, "bulk" },
               { WARD_PROCESS, "bulk_borrowing" } };

enum { PLACES = sizeof places / sizeof *places };

static void nothing(void *data)
{
}

static const struct bulk_services services = { .meanwhile = nothing };

struct stage {
        struct ward_host *host;
        struct bulk *bulk;
        uint8_t *bytes; /* MOST of them: text */
};

static void open_with(struct stage *stage, enum ward_isolation kind, const char *addin, const struct ward_limits *limits,
                      uint32_t deadline_ms)
{
        struct ward_activate_options options = options_for(kind);
        struct ward_fault fault;
        stage->host = host_start();
        options.deadline_ms = deadline_ms;
        options.limits = *limits;
        assert_good(bulk_activate(stage->host, addin_file(addin, kind), &options, &services, &stage->bulk, &fault), &fault);
        stage->bytes = malloc(MOST);
        for (size_t i = 0; i < MOST; i++)
                stage->bytes[i] = (uint8_t)(' ' + i * 31 % 95);
}

static void open_place(struct stage *stage, int place)
{
        const struct ward_limits none = { .size = sizeof none };
        open_with(stage, places[place].kind, places[place].addin, &none, 20000);
}

static void close_stage(struct stage *stage)
{
        bulk_release(stage->bulk);
        ward_host_free(stage->host);
        free(stage->bytes);
}

static uint64_t sum_of(const void *data, size_t len)
{
        const uint8_t *at = data;
        uint64_t sum = 0;
        for (size_t i = 0; i < len; i++)
                sum += at[i] * (1 + i);
        return sum;
}

/* With other bytes each time: those of the call before lie where they would be missed. */
static void pass(struct stage *stage, size_t len)
{
        static size_t from;
        struct ward_fault fault;
        uint64_t sum = 0;
        uint8_t *at = stage->bytes + ++from % 100;
        bulk_list_u8_t list = { at, len };
        bulk_string_t text = { at, len };
        assert_good(bulk_sum(stage->bulk, &list, &sum, &fault), &fault);
        assert_true(sum == sum_of(at, len));
        assert_good(bulk_text(stage->bulk, &text, &sum, &fault), &fault);
        assert_true(sum == sum_of(at, len));
        bulk_list_pixel_t pixels = { (bulk_pixel_t *)(void *)at, len / sizeof(bulk_pixel_t) };
        assert_good(bulk_pixels(stage->bulk, &pixels, &sum, &fault), &fault);
        assert_true(sum == sum_of(at, len / sizeof(bulk_pixel_t) * sizeof(bulk_pixel_t)));
}

TEST(arrives_whole_at_every_kind)
{
        const size_t lens[] = { 0,
                                1,
                                63,
                                64,
                                65,
                                LEAST - 1,
                                LEAST,
                                LEAST + 1,
                                LEAST + 63,
                                LEAST + 64,
                                LEAST + PIECE - 1,
                                LEAST + PIECE,
                                LEAST + PIECE + 1,
                                100000,
                                LARGE };
        for (int place = 0; place < PLACES; place++) {
                struct stage stage;
                open_place(&stage, place);
                for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
                        pass(&stage, lens[i]);
                close_stage(&stage);
        }
}

/* Each block is counted for itself, whatever its length. */
TEST(several_in_a_call)
{
        const size_t lens[] = { 8, LEAST, LEAST + 8, 3 * LEAST + 40, 1 << 20 };
        enum { LENS = sizeof lens / sizeof *lens };
        for (int place = 0; place < PLACES; place++) {
                struct stage stage;
                struct ward_fault fault;
                open_place(&stage, place);
                for (int i = 0; i < LENS * LENS * LENS; i++) {
                        size_t a = lens[i % LENS], b = lens[i / LENS % LENS] + (size_t)i % 64 / 8 * 8, c = lens[i / LENS / LENS];
                        uint8_t *at = stage.bytes + i % 10 * 8;
                        bulk_list_u32_t head = { (uint32_t *)(void *)at, a / 4 };
                        bulk_string_t text = { at + a, b };
                        bulk_list_u64_t tail = { (uint64_t *)(void *)(at + a + b), c / 8 };
                        uint64_t sum = 0;
                        assert_good(bulk_several(stage.bulk, &head, &text, &tail, &sum, &fault), &fault);
                        assert_true(sum == sum_of(at, a + b + c));
                }
                close_stage(&stage);
        }
}

/* More of them than are announced at a time. */
TEST(many_in_a_call)
{
        enum { MANY = 20 };
        for (int place = 0; place < PLACES; place++) {
                struct stage stage;
                struct ward_fault fault;
                bulk_string_t texts[MANY];
                uint64_t expected = 0, sum = 0;
                open_place(&stage, place);
                for (int i = 0; i < MANY; i++) {
                        texts[i] = (bulk_string_t){ stage.bytes + i, (size_t)(LEAST - 8 + i) };
                        expected += sum_of(texts[i].ptr, texts[i].len);
                }
                bulk_list_string_t list = { texts, MANY };
                assert_good(bulk_texts(stage.bulk, &list, &sum, &fault), &fault);
                assert_true(sum == expected);
                close_stage(&stage);
        }
}

/* Nothing is left over of a call that was not made. */
TEST(text_is_judged_before)
{
        for (int place = 2; place < PLACES; place++) {
                struct stage stage;
                struct ward_fault fault;
                uint64_t sum = 0;
                open_place(&stage, place);
                stage.bytes[2 * LEAST - 1] = 0xe2;
                bulk_list_u32_t head = { (uint32_t *)(void *)stage.bytes, LEAST / 4 };
                bulk_string_t text = { stage.bytes + LEAST, LEAST };
                bulk_list_u64_t tail = { (uint64_t *)(void *)stage.bytes, LEAST / 8 };
                assert_int_equal(bulk_several(stage.bulk, &head, &text, &tail, &sum, &fault), -WARD_FAULT_USAGE);
                stage.bytes[2 * LEAST - 1] = 'a';
                pass(&stage, 3 * LEAST);
                close_stage(&stage);
        }
}

TEST(what_does_not_fit_changes_nothing)
{
        for (int place = 3; place < PLACES; place++) {
                const struct ward_limits small = { .size = sizeof small, .arena_bytes = 1 << 20 };
                struct stage stage;
                struct ward_fault fault;
                uint64_t sum = 0;
                open_with(&stage, places[place].kind, places[place].addin, &small, 20000);
                bulk_list_u32_t head = { (uint32_t *)(void *)stage.bytes, LEAST };
                bulk_string_t text = { stage.bytes, 2 << 20 };
                bulk_list_u64_t tail = { NULL, 0 };
                assert_int_equal(bulk_several(stage.bulk, &head, &text, &tail, &sum, &fault), -WARD_FAULT_LIMIT);
                pass(&stage, 3 * LEAST);
                close_stage(&stage);
        }
}

/* The worker has no memory for its copy, and says so while the host still writes. */
TEST(a_worker_without_memory_says_so)
{
        const struct ward_limits small = { .size = sizeof small, .memory_bytes = 6 << 20 };
        struct stage stage;
        struct ward_fault fault;
        uint64_t sum = 0;
#ifdef __SANITIZE_ADDRESS__ /* a worker needs more than that to begin with */
        return;
#endif
        open_with(&stage, WARD_PROCESS, "bulk", &small, 20000);
        for (int i = 0; i < 5; i++) {
                bulk_list_u8_t list = { stage.bytes, LARGE };
                assert_true(bulk_sum(stage.bulk, &list, &sum, &fault) < 0);
                pass(&stage, 2 * LEAST);
        }
        close_stage(&stage);
}

TEST(a_crash_is_a_fault)
{
        for (int place = 3; place < PLACES; place++)
                for (int i = 0; i < 5; i++) {
                        struct stage stage;
                        struct ward_fault fault;
                        open_place(&stage, place);
                        bulk_list_u8_t list = { stage.bytes, LARGE };
                        assert_int_equal(bulk_crash(stage.bulk, &list, &fault), -WARD_FAULT_SIGNAL);
                        close_stage(&stage);
                }
}

static void *unload(void *data)
{
        struct stage *stage = data;
        ward_domain_unload(ward_instance_domain((struct ward_instance *)stage->bulk), NULL);
        return NULL;
}

/* Whenever it comes: between two calls, or with a block half there. */
TEST(an_end_in_the_middle)
{
        for (int i = 0; i < 20; i++) {
                struct stage stage;
                struct ward_fault fault;
                pthread_t thread;
                uint64_t sum = 0;
                int r = 0;
                open_place(&stage, 3 + i % 2);
                bulk_list_u8_t list = { stage.bytes, LARGE };
                assert_int_equal(pthread_create(&thread, NULL, unload, &stage), 0);
                for (int k = 0; k < 1000 && !r; k++)
                        r = bulk_sum(stage.bulk, &list, &sum, &fault);
                assert_int_equal(r, -WARD_FAULT_UNLOADED);
                pthread_join(thread, NULL);
                close_stage(&stage);
        }
}

TEST(results_arrive_whole)
{
        for (int place = 0; place < PLACES; place++) {
                const uint32_t lens[] = { 0, 1, LEAST, LEAST + 1, LARGE };
                struct stage stage;
                struct ward_fault fault;
                open_place(&stage, place);
                for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
                        bulk_list_u8_t list;
                        assert_good(bulk_make(stage.bulk, lens[i], &list, &fault), &fault);
                        assert_int_equal(list.len, lens[i]);
                        for (uint32_t k = 0; k < lens[i]; k++)
                                if (list.ptr[k] != (uint8_t)(k * 7))
                                        fail_msg("byte %u of %u", k, lens[i]);
                        bulk_list_u8_free(&list);
                }
                close_stage(&stage);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(arrives_whole_at_every_kind, 60), TEST_CASE_LONG(several_in_a_call, 60),
                         TEST_CASE(many_in_a_call), TEST_CASE(text_is_judged_before), TEST_CASE(what_does_not_fit_changes_nothing),
                         TEST_CASE(a_worker_without_memory_says_so), TEST_CASE_LONG(a_crash_is_a_fault, 60),
                         TEST_CASE_LONG(an_end_in_the_middle, 60), TEST_CASE(results_arrive_whole));
}
