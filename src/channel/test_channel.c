#include "channel/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"
#include "channel/message.h"
#include "channel/words.h"
#include "test/harness/harness.h"

enum { END = 99, ROUNDS = 20000, LANE = 7 };

static struct shared host_memory, worker_memory;

static struct channel host_side(uint64_t arenas)
{
        struct channel channel;
        struct ward_fault fault;
        if (shared_new(arenas, &host_memory, &fault))
                fail_msg("%s", fault.text);
        channel_open_host(&host_memory, LANE, &channel);
        return channel;
}

static struct channel worker_side(void)
{
        struct channel channel;
        assert_int_equal(shared_attach(host_memory.fd, &worker_memory), 0);
        channel_open(&worker_memory, LANE, &channel);
        return channel;
}

static void finish(void)
{
        if (worker_memory.base)
                shared_finish(&worker_memory, false);
        shared_finish(&host_memory, false);
}

/* The other side: adds one to the first slot until it is told to end. @nap: sleeps that long now and then, so that both sides fall
 * asleep at all possible moments. */
struct echo {
        struct channel channel;
        unsigned nap_us;
};

static void *echo(void *data)
{
        struct echo *e = data;
        for (unsigned i = 0;; i++) {
                uint64_t slot;
                if (channel_wait(&e->channel, NULL, CLOCK_NEVER) != CHANNEL_MESSAGE)
                        return data;
                struct message message = channel_receive(&e->channel);
                channel_slots(&e->channel, &slot, 1);
                if (message.kind == END)
                        return NULL;
                if (e->nap_us && i % 16 == 0)
                        usleep(rand() % e->nap_us);
                slot++;
                channel_send(&e->channel, MESSAGE_RETURN, message.instance, message.function, &slot, 1);
        }
}

static void call_echo(struct channel *host, uint64_t i)
{
        static _Atomic uint32_t guard = 1;
        uint64_t slot = i;
        channel_send(host, MESSAGE_CALL, (uint32_t)i, (uint32_t)~i, &slot, 1);
        assert_int_equal(channel_wait(host, &guard, CLOCK_NEVER), CHANNEL_MESSAGE);
        struct message message = channel_receive(host);
        channel_slots(host, &slot, 1);
        assert_int_equal(message.kind, MESSAGE_RETURN);
        assert_int_equal(message.instance, (uint32_t)i);
        assert_int_equal(message.function, (uint32_t)~i);
        assert_true(slot == i + 1);
}

/* @fixed: how long both spin, where they do; 0: as they see fit. */
static void ping_pong_fixed(uint32_t fixed, bool host_spins, bool worker_spins, unsigned nap_us, uint64_t rounds)
{
        struct channel host = host_side(4096);
        struct echo e = { worker_side(), nap_us };
        pthread_t thread;
        void *failed;
        host.spins = host_spins;
        e.channel.spins = worker_spins;
        host.tune.fixed = e.channel.tune.fixed = fixed;
        assert_int_equal(pthread_create(&thread, NULL, echo, &e), 0);
        for (uint64_t i = 0; i < rounds; i++) {
                call_echo(&host, i);
                if (nap_us && i % 13 == 0)
                        usleep((unsigned)rand() % nap_us);
        }
        channel_send(&host, END, 0, 0, NULL, 0);
        pthread_join(thread, &failed);
        assert_null(failed);
        finish();
}

static void ping_pong(bool host_spins, bool worker_spins, unsigned nap_us, uint64_t rounds)
{
        ping_pong_fixed(0, host_spins, worker_spins, nap_us, rounds);
}

TEST(answers_come_while_both_spin)
{
        ping_pong(true, true, 0, ROUNDS);
}

TEST(answers_come_while_both_sleep)
{
        ping_pong(false, false, 0, ROUNDS);
}

TEST(answers_come_while_one_spins)
{
        ping_pong(true, false, 0, ROUNDS);
        ping_pong(false, true, 0, ROUNDS);
}

TEST(no_wake_up_is_lost_at_the_edge_of_sleep)
{
        ping_pong(true, true, 150, ROUNDS / 20);
        ping_pong(false, true, 150, ROUNDS / 20);
        ping_pong(true, true, 600, ROUNDS / 40);
        ping_pong_fixed(75000, true, true, 150, ROUNDS / 20);
        ping_pong_fixed(1, true, true, 0, ROUNDS / 4);
}

TEST(sequence_numbers_wrap)
{
        struct channel host = host_side(4096);
        struct echo e = { worker_side(), 0 };
        pthread_t thread;
        host.sequence = e.channel.sequence = UINT32_MAX - 1 - 2 * 50;
        atomic_store(&host.box->bell, host.sequence);
        assert_int_equal(pthread_create(&thread, NULL, echo, &e), 0);
        for (uint64_t i = 0; i < 100; i++)
                call_echo(&host, i);
        channel_send(&host, END, 0, 0, NULL, 0);
        pthread_join(thread, NULL);
        finish();
}

TEST(it_works_between_processes)
{
        struct channel host = host_side(4096);
        host.spins = true;
        pid_t pid = fork();
        if (!pid) {
                struct echo e = { worker_side(), 0 };
                e.channel.spins = true;
                _exit(echo(&e) ? 1 : 0);
        }
        for (uint64_t i = 0; i < ROUNDS; i++)
                call_echo(&host, i);
        channel_send(&host, END, 0, 0, NULL, 0);
        int status;
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        finish();
}

static uint64_t cpu_time(void)
{
        return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

TEST(an_idle_side_uses_no_processor)
{
        struct channel host = host_side(4096);
        struct echo e = { worker_side(), 0 };
        pthread_t thread;
        e.channel.spins = true;
        assert_int_equal(pthread_create(&thread, NULL, echo, &e), 0);
        usleep(20000);
        uint64_t before = cpu_time();
        usleep(200000);
        assert_true(cpu_time() - before < 5000000);
        channel_send(&host, END, 0, 0, NULL, 0);
        pthread_join(thread, NULL);
        finish();
}

/* Waits of @n times 2 ms. Returns the processor time they took. */
static uint64_t wait_long(struct channel *channel, int n)
{
        _Atomic uint32_t guard = 1;
        uint64_t before = clock_read(CLOCK_THREAD_CPUTIME_ID);
        while (n--)
                assert_int_equal(channel_wait(channel, &guard, clock_now() + 2000000), CHANNEL_DEADLINE);
        return clock_read(CLOCK_THREAD_CPUTIME_ID) - before;
}

TEST(long_waits_cease_to_spin)
{
        struct channel host = host_side(4096);
        host.spins = true;
        wait_long(&host, 4);
        assert_true(host.tune.rests);
        assert_true(wait_long(&host, 20) < 1200000);
        finish();
}

TEST(a_spin_lasts_as_long_as_the_tuning_says)
{
        struct channel host = host_side(4096);
        host.spins = true;
        host.tune.fixed = 1000000;
        uint64_t spun = wait_long(&host, 20);
        assert_true(spun > 500000 && spun < 35 * 1000000);
        finish();
}

static void *send_ready(void *data)
{
        struct channel *worker = data;
        channel_send(worker, MESSAGE_READY, 0, 0, NULL, 0);
        return NULL;
}

TEST(who_was_descheduled_sleeps_and_hears)
{
        struct channel host = host_side(4096), worker = worker_side();
        pthread_t thread;
        host.spins = true;
        tune_jumped(&host.tune, 3000000, clock_now());
        assert_int_equal(pthread_create(&thread, NULL, send_ready, &worker), 0);
        assert_int_equal(channel_wait(&host, NULL, CLOCK_NEVER), CHANNEL_MESSAGE);
        pthread_join(thread, NULL);
        assert_int_equal(channel_receive(&host).kind, MESSAGE_READY);
        assert_true(host.tune.rests);
        finish();
}

TEST(a_deadline_ends_a_wait)
{
        struct channel host = host_side(4096);
        _Atomic uint32_t guard = 1;
        for (int spins = 0; spins < 2; spins++) {
                host.spins = spins;
                uint64_t start = clock_now();
                assert_int_equal(channel_wait(&host, &guard, start + 20000000), CHANNEL_DEADLINE);
                uint64_t took = clock_now() - start;
                assert_true(took >= 20000000 && took < 2000000000);
                assert_int_equal(channel_wait(&host, &guard, 1), CHANNEL_DEADLINE);
        }
        finish();
}

TEST(an_answer_wins_over_a_passed_deadline_and_an_ended_guard)
{
        struct channel host = host_side(4096), worker = worker_side();
        _Atomic uint32_t guard = 0;
        channel_send(&worker, MESSAGE_READY, 0, 0, NULL, 0);
        assert_int_equal(channel_wait(&host, &guard, 1), CHANNEL_MESSAGE);
        assert_int_equal(channel_receive(&host).kind, MESSAGE_READY);
        assert_int_equal(channel_wait(&host, &guard, 1), CHANNEL_GUARD);
        finish();
}

static void *end_guard(void *data)
{
        usleep((unsigned)rand() % 400);
        channel_guard_end(data);
        return NULL;
}

TEST(the_guard_ends_a_wait_at_any_moment)
{
        struct channel host = host_side(4096);
        for (int i = 0; i < 500; i++) {
                _Atomic uint32_t guard = 1;
                pthread_t thread;
                host.spins = i % 2;
                host.tune.fixed = 200000;
                assert_int_equal(pthread_create(&thread, NULL, end_guard, &guard), 0);
                assert_int_equal(channel_wait(&host, &guard, CLOCK_NEVER), CHANNEL_GUARD);
                pthread_join(thread, NULL);
        }
        finish();
}

TEST(a_bell_that_lies_is_broken)
{
        static const uint32_t lies[] = { 4, 6, 0x80000000, UINT32_MAX, UINT32_MAX - 1, 5 };
        struct channel host = host_side(4096);
        _Atomic uint32_t guard = 1;
        for (size_t i = 0; i < COUNT_OF(lies); i++)
                for (int spins = 0; spins < 2; spins++) {
                        host.spins = spins;
                        atomic_store(&host.box->bell, lies[i]);
                        assert_int_equal(channel_wait(&host, &guard, CLOCK_NEVER), CHANNEL_BROKEN);
                }
        /* The sleeper's bit alone is no lie. */
        atomic_store(&host.box->bell, CHANNEL_ASLEEP);
        assert_int_equal(channel_wait(&host, &guard, clock_now() + 1000000), CHANNEL_DEADLINE);
        finish();
}

static _Atomic bool storming;

static void *storm(void *data)
{
        struct mailbox *box = data;
        for (uint32_t i = 0; atomic_load(&storming); i++)
                atomic_store(&box->bell, i & 1);
        return NULL;
}

TEST(a_bell_that_never_rests_still_meets_the_deadline)
{
        struct channel host = host_side(4096);
        _Atomic uint32_t guard = 1;
        pthread_t thread;
        atomic_store(&storming, true);
        assert_int_equal(pthread_create(&thread, NULL, storm, host.box), 0);
        assert_int_equal(channel_wait(&host, &guard, clock_now() + 50000000), CHANNEL_DEADLINE);
        atomic_store(&storming, false);
        pthread_join(thread, NULL);
        finish();
}

static uint32_t taken(struct channel *channel, uint32_t size, uint32_t align)
{
        uint32_t at = 0;
        assert_int_equal(channel_take(channel, size, align, &at), 0);
        assert_int_equal(at % align, 0);
        assert_true(at >= CHANNEL_CONTROL && at + (uint64_t)size <= channel->size);
        return at;
}

TEST(an_arena_gives_aligned_room_until_memory_is_full)
{
        struct channel host = host_side(128 << 10);
        uint32_t at = taken(&host, 3, 1), other;
        struct arena_mark mark = channel_mark(&host);
        assert_int_equal(taken(&host, 8, 8), at + 8);
        channel_release(&host, mark);
        assert_int_equal(taken(&host, 1, 1), at + 3);
        taken(&host, 60 << 10, 1);
        taken(&host, 60 << 10, 1); /* in another extent */
        assert_int_equal(channel_take(&host, 64 << 10, 1, &other), 1);
        assert_int_equal(channel_take(&host, UINT32_MAX, 8, &other), 1);
        taken(&host, 4 << 10, 1);
        assert_int_equal(taken(&host, 0, 1), host.arena.top);
        finish();
}

TEST(extents_that_nested_calls_needed_are_used_again)
{
        struct channel host = host_side(0);
        taken(&host, 10, 1);
        struct arena_mark mark = channel_mark(&host);
        uint32_t first = taken(&host, 1 << 20, 1), have = host.arena.have;
        for (int i = 0; i < 1000; i++) {
                channel_release(&host, mark);
                assert_int_equal(taken(&host, 1 << 20, 1), first);
        }
        assert_int_equal(host.arena.have, have);
        channel_release(&host, mark);
        assert_int_not_equal(taken(&host, 2 << 20, 1), first);
        assert_int_equal(host.arena.have, have + 1);
        finish();
}

static void host_gives(struct channel *host)
{
        struct extent extent;
        assert_int_equal(channel_give(host, &host_memory, 1, &extent), 0);
        channel_settle(host, &host_memory);
}

TEST(a_host_gives_the_worker_memory_and_says_what_it_keeps)
{
        struct channel host = host_side(0), worker = worker_side();
        struct extent small, large;
        assert_int_equal(channel_give(&host, &host_memory, 1, &small), 0);
        assert_int_equal(channel_give(&host, &host_memory, 32 << 20, &large), 0);
        assert_true(extent_size(small) >= 1 && extent_size(large) >= 32 << 20);
        assert_true(small.end <= large.start || large.end <= small.start);
        uint64_t left = host_memory.pool.left;
        channel_settle(&host, &host_memory);
        assert_true(host_memory.pool.left >= left + (32 << 20));
        channel_begin(&worker);
        assert_int_equal(worker.arena.have, 1);
        assert_int_equal(worker.arena.extents[0].start, small.start);
        assert_int_equal(taken(&worker, 100, 4), small.start);
        channel_close(&host, &host_memory);
        assert_int_equal(host_memory.pool.left, host_memory.pool.all);
        finish();
}

TEST(what_a_worker_wants_is_bounded)
{
        struct channel host = host_side(1 << 20);
        struct extent extent;
        int n = 0;
        assert_int_equal(channel_give(&host, &host_memory, UINT64_MAX, &extent), 1);
        assert_int_equal(channel_give(&host, &host_memory, (uint64_t)UINT32_MAX + 1, &extent), 1);
        while (n < 1000 && !channel_give(&host, &host_memory, 0, &extent))
                n++;
        assert_in_range(n, 1, ARENA_EXTENTS);
        channel_settle(&host, &host_memory);
        assert_int_equal(host.given.have, 1);
        finish();
}

TEST(a_small_answer_lies_in_the_mailbox)
{
        struct channel host = host_side(0), worker = worker_side();
        const uint32_t first = (uint32_t)((uint8_t *)&worker.box->slots[CHANNEL_SPARE] - worker.base);
        const uint32_t bytes = (CHANNEL_SLOTS - CHANNEL_SPARE) * 8;
        uint32_t at;
        host_gives(&host);
        channel_begin(&worker);
        channel_spare_slots(&worker);
        assert_int_equal(channel_take(&worker, 3, 1, &at), 0);
        assert_int_equal(at, first);
        assert_int_equal(channel_take(&worker, 8, 8, &at), 0);
        assert_int_equal(at, first + 8);
        assert_true(taken(&worker, bytes, 1) >= CHANNEL_CONTROL);
        assert_int_equal(channel_take(&worker, bytes - 16, 1, &at), 0);
        assert_int_equal(at, first + 16);
        assert_true(taken(&worker, 1, 1) >= CHANNEL_CONTROL);
        assert_int_equal(channel_take(&worker, 0, 1, &at), 0);
        channel_use_slots(&worker);
        assert_true(taken(&worker, 1, 1) >= CHANNEL_CONTROL);
        finish();
}

static uint64_t resident(int fd)
{
        struct stat st;
        assert_int_equal(fstat(fd, &st), 0);
        return (uint64_t)st.st_blocks * 512;
}

TEST(memory_is_given_back_after_a_large_call)
{
        struct channel host = host_side(0);
        struct arena_mark mark = channel_mark(&host);
        memset(host.base + taken(&host, 64 << 20, 1), 1, 64 << 20);
        assert_true(resident(host_memory.fd) >= 64 << 20);
        channel_release(&host, mark);
        channel_settle(&host, &host_memory);
        assert_true(resident(host_memory.fd) <= 1 << 20);
        finish();
}

TEST(an_idle_arena_keeps_what_calls_usually_need)
{
        struct channel host = host_side(0);
        struct arena_mark mark = channel_mark(&host);
        uint32_t at = taken(&host, 10 << 20, 1);
        channel_release(&host, mark);
        channel_settle(&host, &host_memory);
        assert_int_equal(taken(&host, 10 << 20, 1), at);
        finish();
}

TEST(lanes_do_not_overlap)
{
        struct channel last, host = host_side(0);
        channel_open_host(&host_memory, CHANNEL_LANES - 1, &last);
        uint8_t *after = (uint8_t *)(last.words + 1);
        assert_true((uint8_t *)host.box >= (uint8_t *)shared_words(&host_memory) + sizeof(struct last_words));
        assert_true((uint8_t *)(host.words + 1) <= (uint8_t *)last.box);
        assert_true(after <= host_memory.base + CHANNEL_CONTROL);
        finish();
}

TEST(the_size_is_sealed)
{
        host_side(4096);
        assert_int_equal(ftruncate(host_memory.fd, 0), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(host_memory.fd, 1 << 30), -1);
        assert_int_equal(fcntl(host_memory.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
        finish();
}

TEST(sizes_out_of_range_are_refused)
{
        struct shared host, worker;
        struct ward_fault fault;
        assert_int_equal(shared_new(CHANNEL_ARENAS_MAX + 1, &host, &fault), -WARD_FAULT_USAGE);
        assert_non_null(strstr(fault.text, "arena_bytes"));
        assert_int_equal(shared_new(CHANNEL_ARENAS_MAX, &host, &fault), 0);
        assert_true(host.size <= (uint64_t)1 << 32);
        assert_int_equal(shared_attach(host.fd, &worker), 0);
        shared_finish(&worker, false);
        shared_finish(&host, false);
        OWNED(fd_closep) int small = memfd_create("small", MFD_CLOEXEC);
        assert_int_equal(shared_attach(small, &worker), -EINVAL);
        assert_int_equal(shared_attach(-1, &worker), -EBADF);
}

/* Without the check the kernel would kill the host with SIGXFSZ. */
TEST(a_file_size_limit_of_the_host_is_a_fault)
{
        struct rlimit limit = { 1 << 20, 1 << 20 };
        struct shared host;
        struct ward_fault fault;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(shared_new(0, &host, &fault), -WARD_FAULT_SYSTEM);
        assert_non_null(strstr(fault.text, "file size limit"));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(
                argc, argv, TEST_CASE(answers_come_while_both_spin), TEST_CASE(answers_come_while_both_sleep),
                TEST_CASE(answers_come_while_one_spins), TEST_CASE(no_wake_up_is_lost_at_the_edge_of_sleep),
                TEST_CASE(sequence_numbers_wrap), TEST_CASE(it_works_between_processes), TEST_CASE(an_idle_side_uses_no_processor),
                TEST_CASE(long_waits_cease_to_spin), TEST_CASE(a_spin_lasts_as_long_as_the_tuning_says),
                TEST_CASE(who_was_descheduled_sleeps_and_hears), TEST_CASE(a_deadline_ends_a_wait),
                TEST_CASE(an_answer_wins_over_a_passed_deadline_and_an_ended_guard), TEST_CASE(the_guard_ends_a_wait_at_any_moment),
                TEST_CASE(a_bell_that_lies_is_broken), TEST_CASE(a_bell_that_never_rests_still_meets_the_deadline),
                TEST_CASE(an_arena_gives_aligned_room_until_memory_is_full),
                TEST_CASE(extents_that_nested_calls_needed_are_used_again),
                TEST_CASE(a_host_gives_the_worker_memory_and_says_what_it_keeps), TEST_CASE(what_a_worker_wants_is_bounded),
                TEST_CASE(an_idle_arena_keeps_what_calls_usually_need), TEST_CASE(a_small_answer_lies_in_the_mailbox),
                TEST_CASE(memory_is_given_back_after_a_large_call), TEST_CASE(lanes_do_not_overlap), TEST_CASE(the_size_is_sealed),
                TEST_CASE(sizes_out_of_range_are_refused), TEST_CASE(a_file_size_limit_of_the_host_is_a_fault));
}
