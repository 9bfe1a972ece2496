/* Begun calls at every kind: values, order, waiting, cancelling, ends. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "async.h"

enum { MANY = 200, MOST = 1024 };

static struct ward_fault fault;

static void finish_add(struct begun_add_pending *pending, int32_t expected)
{
        int32_t sum;
        assert_good(begun_add_finish(pending, &sum, &fault), &fault);
        assert_int_equal(sum, expected);
}

/* --- Values ----------------------------------------------------------------------------------- */

EACH_KIND(many_are_in_flight)
{
        struct stage stage;
        struct begun_add_pending *pending[MANY];
        stage_set(&stage, kind);
        for (int32_t i = 0; i < MANY; i++)
                assert_good(begun_add_begin(stage.begun, i, 1000, &pending[i], &fault), &fault);
        for (int32_t i = MANY - 1; i >= 0; i--)
                finish_add(pending[i], i + 1000);
        stage_strike(&stage);
}

EACH_KIND(calls_run_in_order)
{
        struct stage stage;
        struct begun_count_pending *pending[MANY];
        uint32_t number;
        stage_set(&stage, kind);
        for (int i = 0; i < MANY; i++)
                assert_good(begun_count_begin(stage.begun, &pending[i], &fault), &fault);
        for (uint32_t i = 0; i < MANY; i++) {
                assert_good(begun_count_finish(pending[i], &number, &fault), &fault);
                assert_int_equal(number, i);
        }
        assert_good(begun_count(stage.begun, &number, &fault), &fault);
        assert_int_equal(number, MANY);
        stage_strike(&stage);
}

EACH_KIND(arguments_are_copied)
{
        struct stage stage;
        struct begun_join_pending *pending;
        begun_string_t joined;
        stage_set(&stage, kind);
        uint8_t one[] = "one", two[] = "two", comma[] = ", ";
        begun_string_t words[] = { { one, 3 }, { two, 3 }, { NULL, 0 } }, between = { comma, 2 };
        begun_list_string_t list = { words, 3 };
        assert_good(begun_join_begin(stage.begun, &list, &between, &pending, &fault), &fault);
        memset(one, 'x', sizeof one);
        memset(comma, 'x', sizeof comma);
        memset(words, 0, sizeof words);
        assert_good(begun_join_finish(pending, &joined, &fault), &fault);
        assert_int_equal(joined.len, 10);
        assert_memory_equal(joined.ptr, "one, two, ", 10);
        begun_string_free(&joined);
        stage_strike(&stage);
}

EACH_KIND(errors_are_results)
{
        struct stage stage;
        struct begun_quotient_pending *good, *bad;
        begun_string_t err;
        int32_t quotient;
        stage_set(&stage, kind);
        assert_good(begun_quotient_begin(stage.begun, 12, 4, &good, &fault), &fault);
        assert_good(begun_quotient_begin(stage.begun, 12, 0, &bad, &fault), &fault);
        assert_int_equal(begun_quotient_finish(bad, &quotient, &err, &fault), 1);
        assert_int_equal(err.len, strlen("there is no such number"));
        begun_string_free(&err);
        assert_int_equal(begun_quotient_finish(good, &quotient, &err, &fault), 0);
        assert_int_equal(quotient, 3);
        stage_strike(&stage);
}

EACH_KIND(objects_are_handed_out)
{
        struct stage stage;
        struct begun_counters_make_pending *made;
        struct begun_counters_method_counter_next_pending *next[3];
        exports_test_begun_counters_own_counter_t counter;
        uint32_t number;
        stage_set(&stage, kind);
        assert_good(begun_counters_make_begin(stage.begun, 7, &made, &fault), &fault);
        assert_good(begun_counters_make_finish(made, &counter, &fault), &fault);
        for (int i = 0; i < 3; i++)
                assert_good(begun_counters_method_counter_next_begin(stage.begun, begun_counters_borrow_counter(counter), &next[i],
                                                                     &fault),
                            &fault);
        for (uint32_t i = 0; i < 3; i++) {
                assert_good(begun_counters_method_counter_next_finish(next[i], &number, &fault), &fault);
                assert_int_equal(number, 7 + i);
        }
        assert_good(begun_counters_counter_drop_own(stage.begun, counter, &fault), &fault);
        stage_strike(&stage);
}

EACH_KIND(what_is_abandoned_is_freed)
{
        struct stage stage;
        struct begun_counters_make_pending *made;
        struct begun_holds_pending *holds;
        struct begun_renames_pending *renamed;
        uint8_t text[] = "a text of more than a few letters";
        begun_string_t string = { text, sizeof text };
        uint32_t number;
        stage_set(&stage, kind);
        assert_good(begun_counters_make_begin(stage.begun, 7, &made, &fault), &fault);
        ward_pending_abandon(begun_counters_make_pending(made));
        assert_good(begun_renames_begin(stage.begun, &string, &renamed, &fault), &fault);
        ward_pending_abandon(begun_renames_pending(renamed));
        assert_good(begun_holds_begin(stage.begun, 5, &holds, &fault), &fault);
        assert_good(begun_holds_finish(holds, &number, &fault), &fault);
        assert_int_equal(number, 5);
        assert_null(ward_pending_abandon(NULL));
        stage_strike(&stage);
}

EACH_KIND(what_is_done_can_be_abandoned)
{
        struct stage stage;
        struct begun_counters_make_pending *made;
        stage_set(&stage, kind);
        assert_good(begun_counters_make_begin(stage.begun, 7, &made, &fault), &fault);
        assert_int_equal(ward_pending_wait(begun_counters_make_pending(made), -1, &fault), 0);
        ward_pending_abandon(begun_counters_make_pending(made));
        stage_strike(&stage);
}

EACH_KIND(too_many_are_refused)
{
        struct stage stage;
        struct begun_asks_pending *pending[MOST], *more;
        int32_t answer;
        stage_set(&stage, kind);
        for (int i = 0; i < MOST; i++)
                assert_good(begun_asks_begin(stage.begun, i, &pending[i], &fault), &fault);
        assert_int_equal(begun_asks_begin(stage.begun, 1, &more, &fault), -WARD_FAULT_LIMIT);
        assert_says(&fault, "1024 calls in flight");
        for (int i = 0; i < MOST; i++) {
                assert_good(begun_asks_finish(pending[i], &answer, &fault), &fault);
                assert_int_equal(answer, i + 1);
        }
        assert_good(begun_asks_begin(stage.begun, 1, &more, &fault), &fault);
        assert_good(begun_asks_finish(more, &answer, &fault), &fault);
        stage_strike(&stage);
}

enum { MIXED = 60, LARGE = 300000 };

/* Of all sorts, with values that do not fit what the channel has at first. */
EACH_KIND(sorts_of_calls_follow_each_other)
{
        struct stage stage;
        struct begun_join_pending *joins[MIXED];
        struct begun_asks_pending *asks[MIXED];
        struct begun_holds_pending *holds[MIXED];
        uint8_t *large = malloc(LARGE);
        begun_string_t words[] = { { large, LARGE }, { large, 10 } }, between = { large, 1 }, joined;
        begun_list_string_t list = { words, 2 };
        uint32_t number;
        int32_t answer;
        memset(large, 'a', LARGE);
        stage_set(&stage, kind);
        for (int i = 0; i < MIXED; i++) {
                words[0].len = (size_t)(i % 4 ? i : LARGE - i);
                assert_good(begun_join_begin(stage.begun, &list, &between, &joins[i], &fault), &fault);
                assert_good(begun_asks_begin(stage.begun, i, &asks[i], &fault), &fault);
                assert_good(begun_holds_begin(stage.begun, (uint32_t)i, &holds[i], &fault), &fault);
        }
        for (int i = 0; i < MIXED; i++) {
                assert_good(begun_join_finish(joins[i], &joined, &fault), &fault);
                assert_int_equal(joined.len, (i % 4 ? i : LARGE - i) + 11);
                assert_int_equal(joined.ptr[joined.len - 1], 'a');
                begun_string_free(&joined);
                assert_good(begun_asks_finish(asks[i], &answer, &fault), &fault);
                assert_int_equal(answer, i + 1);
                assert_good(begun_holds_finish(holds[i], &number, &fault), &fault);
                assert_int_equal(number, i);
        }
        free(large);
        stage_strike(&stage);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

EACH_KIND(waiting_has_an_end)
{
        struct stage stage;
        struct begun_asks_pending *pending;
        int32_t answer;
        stage_set(&stage, kind);
        assert_good(begun_asks_begin(stage.begun, 41, &pending, &fault), &fault);
        assert_false(ward_pending_done(begun_asks_pending(pending))); /* it asks, and nobody answers */
        int r = 1;
        for (int i = 0; r == 1 && i < 1000; i++)
                r = ward_pending_wait(begun_asks_pending(pending), 10, &fault);
        assert_int_equal(r, 0);
        assert_true(ward_pending_done(begun_asks_pending(pending)));
        assert_int_equal(ward_pending_wait(begun_asks_pending(pending), 0, &fault), 0);
        assert_good(begun_asks_finish(pending, &answer, &fault), &fault);
        assert_int_equal(answer, 42);
        stage_strike(&stage);
}

EACH_KIND(callbacks_run_on_the_thread_that_waits)
{
        struct stage stage;
        struct begun_renames_pending *renamed;
        uint8_t text[] = "name";
        begun_string_t string = { text, 4 }, back;
        stage_set(&stage, kind);
        assert_good(begun_renames_begin(stage.begun, &string, &renamed, &fault), &fault);
        assert_good(begun_renames_finish(renamed, &back, &fault), &fault);
        assert_memory_equal(back.ptr, "name!", 5);
        assert_true(pthread_equal(stage.server, pthread_self()));
        begun_string_free(&back);
        stage_strike(&stage);
}

/* A call that was begun earlier needs the host before this one can be made. */
EACH_KIND(callbacks_of_earlier_calls_are_served)
{
        struct stage stage;
        struct begun_asks_pending *earlier;
        struct begun_add_pending *later;
        int32_t answer;
        stage_set(&stage, kind);
        assert_good(begun_asks_begin(stage.begun, 1, &earlier, &fault), &fault);
        assert_good(begun_add_begin(stage.begun, 1, 2, &later, &fault), &fault);
        finish_add(later, 3);
        assert_true(ward_pending_done(begun_asks_pending(earlier)));
        assert_good(begun_asks_finish(earlier, &answer, &fault), &fault);
        stage_strike(&stage);
}

/* One that is made, not begun, serves the others as well. */
EACH_KIND(ordinary_calls_serve_what_was_begun)
{
        struct stage stage;
        struct begun_asks_pending *pending[3];
        int32_t answer;
        stage_set(&stage, kind);
        for (int i = 0; i < 3; i++)
                assert_good(begun_asks_begin(stage.begun, i, &pending[i], &fault), &fault);
        assert_good(begun_asks(stage.begun, 10, &answer, &fault), &fault);
        assert_int_equal(answer, 11);
        for (int i = 0; i < 3; i++)
                assert_good(begun_asks_finish(pending[i], &answer, &fault), &fault);
        stage_strike(&stage);
}

/* --- Within a callback ------------------------------------------------------------------------ */

static int32_t call_back(struct stage *stage, int32_t n)
{
        int32_t answer = 0;
        if (n > 0)
                assert_good(begun_asks(stage->begun, n - 1, &answer, &fault), &fault);
        return answer + n;
}

EACH_KIND(callbacks_call_the_addin)
{
        struct stage stage;
        struct begun_asks_pending *pending;
        int32_t answer;
        stage_set(&stage, kind);
        stage.on_ask = call_back;
        assert_good(begun_asks_begin(stage.begun, 10, &pending, &fault), &fault);
        assert_good(begun_asks_finish(pending, &answer, &fault), &fault);
        assert_int_equal(answer, 55);
        assert_int_equal(stage.asked, 11);
        stage_strike(&stage);
}

static int32_t begin_within(struct stage *stage, int32_t n)
{
        struct begun_asks_pending *pending;
        int32_t answer = 0;
        if (n > 0) {
                assert_good(begun_asks_begin(stage->begun, n - 1, &pending, &fault), &fault);
                assert_good(begun_asks_finish(pending, &answer, &fault), &fault);
        }
        return answer + n;
}

EACH_KIND(callbacks_begin_calls)
{
        struct stage stage;
        struct begun_asks_pending *pending;
        int32_t answer;
        stage_set(&stage, kind);
        stage.on_ask = begin_within;
        assert_good(begun_asks_begin(stage.begun, 10, &pending, &fault), &fault);
        assert_good(begun_asks_finish(pending, &answer, &fault), &fault);
        assert_int_equal(answer, 55);
        assert_good(begun_asks(stage.begun, 4, &answer, &fault), &fault); /* out of an ordinary call */
        assert_int_equal(answer, 10);
        stage_strike(&stage);
}

static struct begun_asks_pending *itself;

static int32_t wait_for_itself(struct stage *stage, int32_t n)
{
        int32_t answer;
        (void)stage;
        assert_int_equal(begun_asks_finish(itself, &answer, &fault), -WARD_FAULT_USAGE);
        return n;
}

EACH_KIND(a_call_cannot_wait_for_itself)
{
        struct stage stage;
        int32_t answer;
        stage_set(&stage, kind);
        stage.on_ask = wait_for_itself;
        assert_good(begun_asks_begin(stage.begun, 3, &itself, &fault), &fault);
        assert_good(begun_asks_finish(itself, &answer, &fault), &fault);
        assert_int_equal(answer, 3);
        stage_strike(&stage);
}

/* --- Cancelling ------------------------------------------------------------------------------- */

EACH_KIND(cancelled_before_they_begin)
{
        struct stage stage;
        struct begun_asks_pending *first;
        struct begun_count_pending *second;
        uint32_t number;
        int32_t answer;
        stage_set(&stage, kind);
        assert_good(begun_asks_begin(stage.begun, 1, &first, &fault), &fault);
        assert_good(begun_count_begin(stage.begun, &second, &fault), &fault);
        ward_pending_cancel(begun_count_pending(second));
        if (kind != WARD_PROCESS) /* where it may be on its way already, behind the first */
                assert_true(ward_pending_done(begun_count_pending(second)));
        assert_int_equal(begun_count_finish(second, &number, &fault), -WARD_FAULT_CANCELLED);
        assert_says(&fault, "before it began");
        assert_int_equal(fault.kind, WARD_FAULT_CANCELLED);
        assert_string_equal(fault.function, "count");
        assert_good(begun_asks_finish(first, &answer, &fault), &fault);
        assert_good(begun_count(stage.begun, &number, &fault), &fault);
        assert_int_equal(number, 0);
        stage_strike(&stage);
}

EACH_KIND(cancelled_while_they_run)
{
        struct stage stage;
        struct begun_patient_pending *pending;
        begun_string_t how;
        stage_set(&stage, kind);
        assert_good(begun_patient_begin(stage.begun, &pending, &fault), &fault);
        stage_await_asks(&stage, 1);
        assert_int_equal(ward_pending_wait(begun_patient_pending(pending), 20, &fault), 1);
        ward_pending_cancel(begun_patient_pending(pending));
        assert_int_equal(begun_patient_finish(pending, &how, &fault), -WARD_FAULT_CANCELLED);
        assert_says(&fault, "while it ran");
        int32_t sum;
        assert_good(begun_add(stage.begun, 1, 2, &sum, &fault), &fault);
        stage_strike(&stage);
}

EACH_KIND(cancelled_too_late)
{
        struct stage stage;
        struct begun_add_pending *pending;
        stage_set(&stage, kind);
        assert_good(begun_add_begin(stage.begun, 1, 2, &pending, &fault), &fault);
        assert_int_equal(ward_pending_wait(begun_add_pending(pending), -1, &fault), 0);
        ward_pending_cancel(begun_add_pending(pending));
        finish_add(pending, 3);
        stage_strike(&stage);
}

/* --- Ends ------------------------------------------------------------------------------------- */

EACH_KIND(a_release_waits_for_what_was_begun)
{
        struct stage stage;
        struct begun_add_pending *pending;
        stage_set(&stage, kind);
        assert_good(begun_add_begin(stage.begun, 20, 22, &pending, &fault), &fault);
        stage.begun = begun_release(stage.begun);
        finish_add(pending, 42);
        stage_strike(&stage);
}

EACH_KIND(the_host_goes_first)
{
        struct stage stage;
        struct begun_asks_pending *pending[5];
        int32_t answer;
        stage_set(&stage, kind);
        for (int i = 0; i < 5; i++)
                assert_good(begun_asks_begin(stage.begun, i, &pending[i], &fault), &fault);
        ward_host_free(stage.host);
        stage.host = NULL;
        int r = begun_asks_finish(pending[0], &answer, &fault);
        assert_true(r == -WARD_FAULT_UNLOADED || (!r && kind == WARD_DIRECT));
        for (int i = 1; i < 5; i++)
                assert_int_equal(begun_asks_finish(pending[i], &answer, &fault), -WARD_FAULT_UNLOADED);
        stage_strike(&stage);
}

EACH_KIND(an_unload_ends_them)
{
        struct stage stage;
        struct begun_endless_pending *endless;
        struct begun_add_pending *add[3];
        int32_t sum;
        stage_set(&stage, kind);
        assert_good(begun_endless_begin(stage.begun, &endless, &fault), &fault);
        for (int i = 0; i < 3; i++)
                assert_good(begun_add_begin(stage.begun, i, i, &add[i], &fault), &fault);
        stage_await_asks(&stage, 1);
        assert_good(ward_domain_unload(begun_domain(stage.begun), &fault), &fault);
        assert_true(ward_pending_done(begun_endless_pending(endless)));
        assert_int_equal(begun_endless_finish(endless, &fault), -WARD_FAULT_UNLOADED);
        for (int i = 0; i < 3; i++)
                assert_int_equal(begun_add_finish(add[i], &sum, &fault), -WARD_FAULT_UNLOADED);
        assert_int_equal(begun_add_begin(stage.begun, 1, 2, &add[0], &fault), -WARD_FAULT_UNLOADED);
        stage_strike(&stage);
}

static int32_t unload(struct stage *stage, int32_t n)
{
        assert_good(ward_domain_unload(begun_domain(stage->begun), &fault), &fault);
        return n;
}

EACH_KIND(an_unload_within_a_callback)
{
        struct stage stage;
        struct begun_asks_pending *pending[2];
        int32_t answer;
        stage_set(&stage, kind);
        stage.on_ask = unload;
        for (int i = 0; i < 2; i++)
                assert_good(begun_asks_begin(stage.begun, 1, &pending[i], &fault), &fault);
        for (int i = 0; i < 2; i++)
                assert_int_equal(begun_asks_finish(pending[i], &answer, &fault), -WARD_FAULT_UNLOADED);
        assert_int_equal(stage.asked, 1);
        stage_strike(&stage);
}

EACH_KIND(a_fault_ends_them_all)
{
        struct stage stage;
        struct begun_asks_pending *first;
        struct begun_crash_pending *crash;
        struct begun_add_pending *add;
        int32_t sum;
        stage_set(&stage, kind);
        assert_good(begun_asks_begin(stage.begun, 1, &first, &fault), &fault);
        assert_good(begun_crash_begin(stage.begun, &crash, &fault), &fault);
        assert_good(begun_add_begin(stage.begun, 1, 2, &add, &fault), &fault);
        assert_good(begun_asks_finish(first, &sum, &fault), &fault);
        int r = begun_crash_finish(crash, &fault);
        assert_int_equal(r, kind == WARD_WASM ? -WARD_FAULT_TRAP : -WARD_FAULT_SIGNAL);
        assert_string_equal(fault.function, "crash");
        assert_int_equal(begun_add_finish(add, &sum, &fault), -WARD_FAULT_UNLOADED);
        stage_strike(&stage);
}

EACH_KIND(a_deadline_counts_from_the_beginning)
{
        struct stage stage;
        struct begun_endless_pending *endless;
        struct begun_add_pending *add;
        int32_t sum;
        stage_set(&stage, kind);
        begun_set_deadline(stage.begun, 200);
        assert_good(begun_endless_begin(stage.begun, &endless, &fault), &fault);
        assert_good(begun_add_begin(stage.begun, 1, 2, &add, &fault), &fault);
        assert_int_equal(begun_endless_finish(endless, &fault), -WARD_FAULT_DEADLINE);
        assert_true(begun_add_finish(add, &sum, &fault) < 0);
        stage_strike(&stage);
}

/* Nobody serves it. */
EACH_KIND(a_deadline_ends_who_waits_for_the_host)
{
        struct stage stage;
        struct begun_asks_pending *asks;
        int32_t answer;
        stage_set(&stage, kind);
        begun_set_deadline(stage.begun, 100);
        assert_good(begun_asks_begin(stage.begun, 1, &asks, &fault), &fault);
        for (int i = 0; i < 1000 && !ward_pending_done(begun_asks_pending(asks)); i++)
                nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        assert_int_equal(begun_asks_finish(asks, &answer, &fault), -WARD_FAULT_DEADLINE);
        assert_int_equal(stage.asked, 0);
        stage_strike(&stage);
}

/* --- Threads ---------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 100 };

static void *begin_often(void *data)
{
        struct stage *stage = data;
        struct ward_fault own;
        for (int32_t i = 0; i < ROUNDS; i++) {
                struct begun_asks_pending *asks;
                struct begun_add_pending *add;
                int32_t answer = 0, sum = 0;
                if (begun_asks_begin(stage->begun, i, &asks, &own) || begun_add_begin(stage->begun, i, 1, &add, &own))
                        return data;
                if (i % 7 == 3)
                        ward_pending_cancel(begun_add_pending(add));
                if (i % 5 == 4 && (begun_add(stage->begun, i, i, &sum, &own) || sum != 2 * i))
                        return data;
                int r = begun_add_finish(add, &sum, &own);
                if (r ? r != -WARD_FAULT_CANCELLED || i % 7 != 3 : sum != i + 1)
                        return data;
                if (begun_asks_finish(asks, &answer, &own) || answer != i + 1)
                        return data;
        }
        return NULL;
}

EACH_KIND(threads_begin_at_once)
{
        struct stage stage;
        pthread_t threads[THREADS];
        stage_set(&stage, kind);
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, begin_often, &stage), 0);
        for (int i = 0; i < THREADS; i++) {
                void *failed;
                pthread_join(threads[i], &failed);
                assert_null(failed);
        }
        stage_strike(&stage);
}

/* Nothing of them is there, and nothing of the parent's is touched. */
EACH_KIND(a_forked_child_has_none)
{
        struct stage stage;
        struct begun_asks_pending *first;
        struct begun_add_pending *pending;
        int32_t answer, status;
        stage_set(&stage, kind);
        assert_good(begun_asks_begin(stage.begun, 1, &first, &fault), &fault);
        assert_good(begun_add_begin(stage.begun, 1, 2, &pending, &fault), &fault);
        pid_t child = fork();
        if (!child) {
                bool good = ward_pending_done(begun_asks_pending(first)) &&
                            begun_asks_finish(first, &answer, &fault) == -WARD_FAULT_UNLOADED;
                ward_pending_cancel(begun_add_pending(pending));
                ward_pending_abandon(begun_add_pending(pending));
                _exit(good ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        finish_add(pending, 3);
        assert_good(begun_asks_finish(first, &answer, &fault), &fault);
        stage_strike(&stage);
}

TEST(a_free_threaded_domain_has_them_too)
{
        struct stage stage;
        stage_set_free_threaded(&stage);
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, begin_often, &stage), 0);
        for (int i = 0; i < THREADS; i++) {
                void *failed;
                pthread_join(threads[i], &failed);
                assert_null(failed);
        }
        stage_strike(&stage);
}

/* A call that waits behind others for too long costs itself, not the domain. */
EACH_KIND(a_late_start_costs_the_call)
{
        struct stage stage;
        struct begun_asks_pending *first;
        struct begun_add_pending *late;
        int32_t answer;
        stage_set(&stage, kind);
        assert_good(begun_asks_begin(stage.begun, 1, &first, &fault), &fault);
        begun_set_deadline(stage.begun, 20);
        assert_good(begun_add_begin(stage.begun, 1, 2, &late, &fault), &fault);
        begun_set_deadline(stage.begun, 10000);
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL); /* what is tested is time that passes */
        int r = begun_add_finish(late, &answer, &fault);
        if (kind != WARD_PROCESS || r) { /* where it may be on its way, and be done before it is found to be late */
                assert_int_equal(r, -WARD_FAULT_DEADLINE);
                assert_says(&fault, "did not start");
        }
        assert_good(begun_asks_finish(first, &answer, &fault), &fault);
        assert_good(begun_add(stage.begun, 1, 2, &answer, &fault), &fault);
        stage_strike(&stage);
}

TEST(nonsense_is_told)
{
        struct stage stage;
        struct ward_pending *pending;
        stage_set(&stage, WARD_DIRECT);
        assert_int_equal(ward_call_begin(NULL, 0, NULL, &pending, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_call_begin((struct ward_instance *)stage.begun, 1000, NULL, &pending, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_call_finish(NULL, NULL, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(ward_pending_wait(NULL, 0, &fault), -WARD_FAULT_USAGE);
        stage_strike(&stage);
}

int main(int argc, char **argv)
{
        (void)test_an_unload_ends_them_direct; /* a direct add-in cannot be ended */
        (void)test_an_unload_within_a_callback_direct;
        (void)test_a_fault_ends_them_all_direct;
        (void)test_a_deadline_counts_from_the_beginning_direct;
        (void)test_a_deadline_ends_who_waits_for_the_host_direct;
        return TEST_MAIN(argc, argv, KIND_CASES(many_are_in_flight), KIND_CASES(calls_run_in_order),
                         KIND_CASES(arguments_are_copied), KIND_CASES(errors_are_results), KIND_CASES(objects_are_handed_out),
                         KIND_CASES(what_is_abandoned_is_freed), KIND_CASES(what_is_done_can_be_abandoned),
                         KIND_CASES(too_many_are_refused), KIND_CASES(sorts_of_calls_follow_each_other),
                         KIND_CASES(waiting_has_an_end), KIND_CASES(callbacks_run_on_the_thread_that_waits),
                         KIND_CASES(callbacks_of_earlier_calls_are_served), KIND_CASES(ordinary_calls_serve_what_was_begun),
                         KIND_CASES(callbacks_call_the_addin), KIND_CASES(callbacks_begin_calls),
                         KIND_CASES(a_call_cannot_wait_for_itself), KIND_CASES(cancelled_before_they_begin),
                         KIND_CASES(cancelled_while_they_run), KIND_CASES(cancelled_too_late),
                         KIND_CASES(a_release_waits_for_what_was_begun), KIND_CASES(the_host_goes_first),
                         ISOLATED_CASES(an_unload_ends_them), ISOLATED_CASES(an_unload_within_a_callback),
                         ISOLATED_CASES(a_fault_ends_them_all), ISOLATED_CASES(a_deadline_counts_from_the_beginning),
                         ISOLATED_CASES(a_deadline_ends_who_waits_for_the_host), KIND_CASES(threads_begin_at_once),
                         TEST_CASE(a_free_threaded_domain_has_them_too), KIND_CASES(a_late_start_costs_the_call),
                         KIND_CASES(a_forked_child_has_none), TEST_CASE(nonsense_is_told));
}
