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
#include "test/harness/harness.h"

enum { END = 99, ROUNDS = 20000 };

static struct channel host_side(uint64_t arena)
{
        struct channel channel;
        struct ward_fault fault;
        if (channel_new(arena, &channel, &fault))
                fail_msg("%s", fault.text);
        return channel;
}

static struct channel worker_side(const struct channel *host)
{
        struct channel channel;
        assert_int_equal(channel_attach(host->fd, &channel), 0);
        return channel;
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

static void ping_pong(bool host_spins, bool worker_spins, unsigned nap_us, uint64_t rounds)
{
        struct channel host = host_side(4096);
        struct echo e = { worker_side(&host), nap_us };
        pthread_t thread;
        void *failed;
        host.spins = host_spins;
        e.channel.spins = worker_spins;
        assert_int_equal(pthread_create(&thread, NULL, echo, &e), 0);
        for (uint64_t i = 0; i < rounds; i++) {
                call_echo(&host, i);
                if (nap_us && i % 13 == 0)
                        usleep((unsigned)rand() % nap_us);
        }
        channel_send(&host, END, 0, 0, NULL, 0);
        pthread_join(thread, &failed);
        assert_null(failed);
        channel_finish(&e.channel, false);
        channel_finish(&host, false);
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
}

TEST(sequence_numbers_wrap)
{
        struct channel host = host_side(4096);
        struct echo e = { worker_side(&host), 0 };
        pthread_t thread;
        host.sequence = e.channel.sequence = UINT32_MAX - 1 - 2 * 50;
        atomic_store(&host.box->bell, host.sequence);
        assert_int_equal(pthread_create(&thread, NULL, echo, &e), 0);
        for (uint64_t i = 0; i < 100; i++)
                call_echo(&host, i);
        channel_send(&host, END, 0, 0, NULL, 0);
        pthread_join(thread, NULL);
        channel_finish(&e.channel, false);
        channel_finish(&host, false);
}

TEST(it_works_between_processes)
{
        struct channel host = host_side(4096);
        host.spins = true;
        pid_t pid = fork();
        if (!pid) {
                struct echo e = { worker_side(&host), 0 };
                e.channel.spins = true;
                _exit(echo(&e) ? 1 : 0);
        }
        for (uint64_t i = 0; i < ROUNDS; i++)
                call_echo(&host, i);
        channel_send(&host, END, 0, 0, NULL, 0);
        int status;
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        channel_finish(&host, false);
}

static uint64_t cpu_time(void)
{
        return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

TEST(an_idle_side_uses_no_processor)
{
        struct channel host = host_side(4096);
        struct echo e = { worker_side(&host), 0 };
        pthread_t thread;
        e.channel.spins = true;
        assert_int_equal(pthread_create(&thread, NULL, echo, &e), 0);
        usleep(20000);
        uint64_t before = cpu_time();
        usleep(200000);
        assert_true(cpu_time() - before < 5000000);
        channel_send(&host, END, 0, 0, NULL, 0);
        pthread_join(thread, NULL);
        channel_finish(&e.channel, false);
        channel_finish(&host, false);
}

TEST(long_waits_cease_to_spin)
{
        struct channel host = host_side(4096);
        _Atomic uint32_t guard = 1;
        host.spins = true;
        for (int i = 0; i < 10; i++)
                assert_int_equal(channel_wait(&host, &guard, clock_now() + 2000000), CHANNEL_DEADLINE);
        uint64_t before = clock_read(CLOCK_THREAD_CPUTIME_ID);
        for (int i = 0; i < 20; i++)
                assert_int_equal(channel_wait(&host, &guard, clock_now() + 2000000), CHANNEL_DEADLINE);
        assert_true(clock_read(CLOCK_THREAD_CPUTIME_ID) - before < 1200000);
        channel_finish(&host, false);
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
        channel_finish(&host, false);
}

TEST(an_answer_wins_over_a_passed_deadline_and_an_ended_guard)
{
        struct channel host = host_side(4096), worker = worker_side(&host);
        _Atomic uint32_t guard = 0;
        channel_send(&worker, MESSAGE_READY, 0, 0, NULL, 0);
        assert_int_equal(channel_wait(&host, &guard, 1), CHANNEL_MESSAGE);
        assert_int_equal(channel_receive(&host).kind, MESSAGE_READY);
        assert_int_equal(channel_wait(&host, &guard, 1), CHANNEL_GUARD);
        channel_finish(&worker, false);
        channel_finish(&host, false);
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
                assert_int_equal(pthread_create(&thread, NULL, end_guard, &guard), 0);
                assert_int_equal(channel_wait(&host, &guard, CLOCK_NEVER), CHANNEL_GUARD);
                pthread_join(thread, NULL);
        }
        channel_finish(&host, false);
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
        channel_finish(&host, false);
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
        channel_finish(&host, false);
}

TEST(an_arena_gives_aligned_room_until_it_is_full)
{
        struct channel host = host_side(8192);
        struct arena *arena = &host.arena;
        uint32_t start = arena->top, at, mark;
        assert_int_equal(arena_take(arena, 3, 1, &at), 0);
        assert_int_equal(at, start);
        mark = arena->top;
        assert_int_equal(arena_take(arena, 8, 8, &at), 0);
        assert_int_equal(at, start + 8);
        channel_release(&host, mark);
        assert_int_equal(arena->top, start + 3);
        assert_int_equal(arena_take(arena, 8192, 1, &at), 1);
        assert_int_equal(arena_take(arena, UINT32_MAX, 8, &at), 1);
        assert_int_equal(arena_take(arena, 8189, 1, &at), 0);
        assert_int_equal(arena_take(arena, 1, 1, &at), 1);
        assert_int_equal(arena_take(arena, 0, 1, &at), 0);
        channel_finish(&host, false);
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
        uint32_t mark = host.arena.top, at;
        assert_int_equal(arena_take(&host.arena, 64 << 20, 1, &at), 0);
        memset(host.base + at, 1, 64 << 20);
        assert_true(resident(host.fd) >= 64 << 20);
        channel_release(&host, mark);
        assert_true(resident(host.fd) <= CHANNEL_KEEP + (1 << 20));
        channel_finish(&host, false);
}

TEST(the_arenas_do_not_overlap)
{
        struct channel host = host_side(5000), worker = worker_side(&host);
        assert_true(host.arena.start >= CHANNEL_CONTROL);
        assert_true(host.arena.end <= worker.arena.start);
        assert_true(worker.arena.end <= host.size);
        channel_finish(&worker, false);
        channel_finish(&host, false);
}

TEST(the_size_is_sealed)
{
        struct channel host = host_side(4096);
        assert_int_equal(ftruncate(host.fd, 0), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(host.fd, 1 << 30), -1);
        assert_int_equal(fcntl(host.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
        channel_finish(&host, false);
}

TEST(sizes_out_of_range_are_refused)
{
        struct channel host, worker;
        struct ward_fault fault;
        assert_int_equal(channel_new(CHANNEL_ARENA_MAX + 1, &host, &fault), -WARD_FAULT_USAGE);
        assert_non_null(strstr(fault.text, "arena_bytes"));
        assert_int_equal(channel_new(CHANNEL_ARENA_MAX, &host, &fault), 0);
        assert_true(host.size <= (uint64_t)1 << 32);
        channel_finish(&host, false);
        OWNED(fd_closep) int small = memfd_create("small", MFD_CLOEXEC);
        assert_int_equal(channel_attach(small, &worker), -EINVAL);
        assert_int_equal(channel_attach(-1, &worker), -EBADF);
}

/* Without the check the kernel would kill the host with SIGXFSZ. */
TEST(a_file_size_limit_of_the_host_is_a_fault)
{
        struct rlimit limit = { 1 << 20, 1 << 20 };
        struct channel host;
        struct ward_fault fault;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(channel_new(0, &host, &fault), -WARD_FAULT_SYSTEM);
        assert_non_null(strstr(fault.text, "file size limit"));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(
                argc, argv, TEST_CASE(answers_come_while_both_spin), TEST_CASE(answers_come_while_both_sleep),
                TEST_CASE(answers_come_while_one_spins), TEST_CASE(no_wake_up_is_lost_at_the_edge_of_sleep),
                TEST_CASE(sequence_numbers_wrap), TEST_CASE(it_works_between_processes), TEST_CASE(an_idle_side_uses_no_processor),
                TEST_CASE(long_waits_cease_to_spin), TEST_CASE(a_deadline_ends_a_wait),
                TEST_CASE(an_answer_wins_over_a_passed_deadline_and_an_ended_guard), TEST_CASE(the_guard_ends_a_wait_at_any_moment),
                TEST_CASE(a_bell_that_lies_is_broken), TEST_CASE(a_bell_that_never_rests_still_meets_the_deadline),
                TEST_CASE(an_arena_gives_aligned_room_until_it_is_full), TEST_CASE(memory_is_given_back_after_a_large_call),
                TEST_CASE(the_arenas_do_not_overlap), TEST_CASE(the_size_is_sealed), TEST_CASE(sizes_out_of_range_are_refused),
                TEST_CASE(a_file_size_limit_of_the_host_is_a_fault));
}
