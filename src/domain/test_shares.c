/* The host's half, with a worker that the test plays: by the rules, and against them. */
#include "domain/shares.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "channel/pass.h"
#include "channel/shares.h"
#include "memory/buffer.h"
#include "test/harness/harness.h"

struct stage {
        struct shares *shares;
        struct charge *charge;
        struct pass worker;
        int sockets[2];
        uint32_t forgotten, released;
        struct ward_fault fault;
};

static void on_letter(void *context, const struct pass_letter *letter)
{
        struct stage *stage = context;
        assert_true(letter->what == SHARES_FORGET || letter->what == SHARES_RELEASE);
        *(letter->what == SHARES_FORGET ? &stage->forgotten : &stage->released) = letter->number;
}

static void begin(struct stage *stage)
{
        *stage = (struct stage){ .forgotten = 0 };
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, stage->sockets), 0);
        stage->shares = shares_new(stage->sockets[0]);
        stage->charge = charge_new(1 << 20);
        pass_init(&stage->worker, stage->sockets[1], on_letter, stage);
}

static void end(struct stage *stage)
{
        shares_end(stage->shares);
        shares_unref(stage->shares);
        charge_unref(stage->charge);
        pass_finish(&stage->worker);
        close(stage->sockets[0]);
        close(stage->sockets[1]);
}

static struct ward_buffer *make(uint64_t size)
{
        struct ward_buffer *buffer = NULL;
        assert_int_equal(ward_buffer_new(size, NULL, &buffer), 0);
        return buffer;
}

/* What the worker does. */
static void post(struct stage *stage, uint32_t what, uint32_t number, uint64_t more, int fd)
{
        const struct pass_letter letter = { .what = what, .number = number, .more = more };
        assert_int_equal(pass_send(&stage->worker, &letter, fd, CLOCK_NEVER), 0);
}

static void drop(struct stage *stage, uint32_t number, uint32_t received, uint32_t given)
{
        post(stage, SHARES_DROP, number, (uint64_t)received << 32 | given, -1);
        shares_read(stage->shares);
}

static bool has_descriptor(struct stage *stage, uint32_t what, uint32_t number)
{
        int fd;
        if (pass_take(&stage->worker, what, number, &fd))
                return false;
        close(fd);
        return true;
}

/* What the host does. */
static uint32_t lower(struct stage *stage, struct ward_buffer *buffer)
{
        uint32_t number = 0;
        bool first;
        assert_int_equal(shares_lower(stage->shares, WARD_SHARED_BUFFER, buffer, &number, &first, &stage->fault), 0);
        if (first)
                shares_arrived(stage->shares, number);
        return number;
}

static int try_lift(struct stage *stage, uint8_t shared, uint32_t number)
{
        void *object = NULL;
        return shares_lift(stage->shares, shared, stage->charge, number, &object, &stage->fault);
}

static struct ward_buffer *lift(struct stage *stage, uint32_t number)
{
        void *object = NULL;
        int r = shares_lift(stage->shares, WARD_SHARED_BUFFER, stage->charge, number, &object, &stage->fault);
        if (r)
                fail_msg("%s", stage->fault.text);
        return object;
}

static unsigned references_of(const struct ward_buffer *buffer)
{
        return atomic_load(&buffer->references);
}

/* --- By the rules ----------------------------------------------------------------------------- */

TEST(a_descriptor_travels_once)
{
        struct stage stage;
        struct ward_buffer *buffer = make(10), *other = make(10);
        begin(&stage);
        uint32_t number = lower(&stage, buffer);
        assert_true(has_descriptor(&stage, SHARES_BUFFER, number));
        assert_int_equal(lower(&stage, buffer), number);
        assert_false(has_descriptor(&stage, SHARES_BUFFER, number));
        assert_int_not_equal(lower(&stage, other), number);
        assert_ptr_equal(lift(&stage, number), buffer);
        assert_int_equal(references_of(buffer), 3); /* the test's two, and the worker's */
        ward_buffer_release(buffer);
        drop(&stage, number, 2, 1);
        assert_int_equal(references_of(buffer), 1);
        uint32_t again = lower(&stage, buffer); /* it is new there */
        assert_true(has_descriptor(&stage, SHARES_BUFFER, again));
        ward_buffer_release(buffer);
        ward_buffer_release(other);
        end(&stage);
}

TEST(a_workers_buffer_is_held_as_long_as_it_holds_it)
{
        struct stage stage;
        struct ward_buffer *theirs = make(10);
        begin(&stage);
        post(&stage, SHARES_BUFFER, 3, 0, ward_buffer_fd(theirs));
        struct ward_buffer *mine = lift(&stage, 3), *same = lift(&stage, 3);
        assert_ptr_equal(mine, same);
        assert_int_equal(references_of(mine), 3);
        assert_int_equal(lower(&stage, mine), 3);
        drop(&stage, 3, 0, 2); /* and is passed it: it will ask */
        assert_int_equal(references_of(mine), 3);
        shares_again(stage.shares, 3);
        assert_true(has_descriptor(&stage, SHARES_BUFFER, 3));
        drop(&stage, 3, 1, 0);
        assert_int_equal(references_of(mine), 2);
        ward_buffer_release(mine);
        ward_buffer_release(same);
        ward_buffer_release(theirs);
        end(&stage);
}

/* It gives its last reference away, and says so before the host has looked at what it gave. */
TEST(what_is_under_way_is_waited_for)
{
        struct stage stage;
        struct ward_buffer *theirs = make(10), *mine = make(10);
        begin(&stage);
        post(&stage, SHARES_BUFFER, 3, 0, ward_buffer_fd(theirs));
        ward_buffer_release(lift(&stage, 3));
        drop(&stage, 3, 0, 2);
        struct ward_buffer *last = lift(&stage, 3);
        assert_int_equal(references_of(last), 1);
        assert_int_equal(try_lift(&stage, WARD_SHARED_BUFFER, 3), -WARD_FAULT_PROTOCOL);
        uint32_t number = lower(&stage, mine);
        drop(&stage, number, 1, 1);
        assert_ptr_equal(lift(&stage, number), mine);
        assert_int_equal(references_of(mine), 2);
        ward_buffer_release(mine);
        ward_buffer_release(mine);
        ward_buffer_release(last);
        ward_buffer_release(theirs);
        end(&stage);
}

TEST(the_worker_is_told_what_nobody_in_the_host_needs)
{
        struct stage stage;
        struct ward_buffer *first = make(10), *second = make(10);
        begin(&stage);
        uint32_t number = lower(&stage, first);
        for (int i = 0; i < 16; i++)
                lower(&stage, second);
        assert_int_equal(pass_drain(&stage.worker), 0);
        assert_int_equal(stage.released, 0);
        ward_buffer_release(first);
        for (int i = 0; i < 16; i++)
                lower(&stage, second);
        assert_int_equal(pass_drain(&stage.worker), 0);
        assert_int_equal(stage.released, number);
        stage.released = 0;
        first = lift(&stage, number); /* the worker gives it back instead: then it is told again */
        ward_buffer_release(first);
        for (int i = 0; i < 16; i++)
                lower(&stage, second);
        assert_int_equal(pass_drain(&stage.worker), 0);
        assert_int_equal(stage.released, number);
        drop(&stage, number, 1, 1);
        ward_buffer_release(second);
        end(&stage);
}

TEST(what_does_not_arrive_is_forgotten)
{
        struct stage stage;
        struct ward_buffer *buffer = make(10);
        uint32_t number = 0;
        begin(&stage);
        assert_int_equal(shares_lower(stage.shares, WARD_SHARED_BUFFER, buffer, &number, &(bool){ false }, &stage.fault), 0);
        shares_take_back(stage.shares, WARD_SHARED_BUFFER, number);
        assert_int_equal(references_of(buffer), 1);
        assert_true(has_descriptor(&stage, SHARES_BUFFER, number));
        assert_int_equal(pass_drain(&stage.worker), 0);
        assert_int_equal(stage.forgotten, number);
        number = lower(&stage, buffer); /* but one that it knows stays known */
        uint32_t same = 0;
        assert_int_equal(shares_lower(stage.shares, WARD_SHARED_BUFFER, buffer, &same, &(bool){ false }, &stage.fault), 0);
        shares_take_back(stage.shares, WARD_SHARED_BUFFER, same);
        assert_int_equal(lower(&stage, buffer), number);
        drop(&stage, number, 2, 0);
        assert_int_equal(references_of(buffer), 1);
        ward_buffer_release(buffer);
        end(&stage);
}

TEST(a_stream_travels_each_time)
{
        struct stage stage;
        struct ward_stream *stream = NULL;
        int ends[2];
        uint32_t number = 0;
        void *object = NULL;
        begin(&stage);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(ward_stream_new(ends[0], &stream), 0);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(shares_lower(stage.shares, WARD_SHARED_STREAM, stream, &number, &(bool){ false }, &stage.fault),
                                 0);
                assert_true(has_descriptor(&stage, SHARES_STREAM, number));
        }
        post(&stage, SHARES_STREAM, 5, 0, ends[1]);
        assert_int_equal(shares_lift(stage.shares, WARD_SHARED_STREAM, stage.charge, 5, &object, &stage.fault), 0);
        assert_int_equal(try_lift(&stage, WARD_SHARED_STREAM, 5), -WARD_FAULT_PROTOCOL);
        ward_stream_release(object);
        ward_stream_release(stream);
        close(ends[1]);
        end(&stage);
}

/* --- Against them ----------------------------------------------------------------------------- */

static int sealed_memory(uint64_t size, int seals)
{
        int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
        return fd;
}

TEST(what_is_no_memory_of_a_fixed_size_is_refused)
{
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        const int wrong[] = { ends[0],
                              ends[1],
                              open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
                              open("/dev/zero", O_RDWR | O_CLOEXEC),
                              open("/", O_RDONLY | O_CLOEXEC),
                              sealed_memory(100, F_SEAL_GROW),
                              sealed_memory(100, 0) };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                struct stage stage;
                begin(&stage);
                post(&stage, SHARES_BUFFER, 3, 0, wrong[i]);
                close(wrong[i]);
                assert_int_equal(try_lift(&stage, WARD_SHARED_BUFFER, 3), -WARD_FAULT_PROTOCOL);
                assert_non_null(strstr(stage.fault.text, "buffer"));
                end(&stage);
        }
}

/* One that says it is sealed, and is not: only the kernel is asked. */
TEST(a_lie_about_a_seal_is_seen)
{
        struct stage stage;
        int fd = sealed_memory(4096, F_SEAL_SHRINK);
        void *data;
        begin(&stage);
        post(&stage, SHARES_BUFFER, 3, 1, fd);
        struct ward_buffer *buffer = lift(&stage, 3);
        assert_false(ward_buffer_is_sealed(buffer));
        assert_int_equal(ward_buffer_map(buffer, WARD_BUFFER_READ, &data), -EPERM);
        assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
        assert_int_equal(ward_buffer_map(buffer, WARD_BUFFER_READ, &data), -EPERM); /* it may still grow: not what is promised */
        assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
        assert_int_equal(ward_buffer_map(buffer, WARD_BUFFER_READ, &data), 0);
        close(fd);
        ward_buffer_release(buffer);
        end(&stage);
}

TEST(numbers_that_are_none)
{
        static const uint32_t numbers[] = { 0, 1, 2, 3, 4, UINT32_MAX, UINT32_MAX - 1 };
        struct stage stage;
        struct ward_buffer *buffer = make(1);
        begin(&stage);
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
                assert_int_equal(try_lift(&stage, WARD_SHARED_BUFFER, numbers[i]), -WARD_FAULT_PROTOCOL);
                assert_int_equal(try_lift(&stage, WARD_SHARED_STREAM, numbers[i]), -WARD_FAULT_PROTOCOL);
                shares_again(stage.shares, numbers[i]);
                drop(&stage, numbers[i], 1, 1);
        }
        post(&stage, SHARES_BUFFER, 4, 0, ward_buffer_fd(buffer)); /* a number of the host's */
        assert_int_equal(try_lift(&stage, WARD_SHARED_BUFFER, 4), -WARD_FAULT_PROTOCOL);
        post(&stage, SHARES_STREAM, 7, 0, ward_buffer_fd(buffer)); /* a stream is no buffer */
        assert_int_equal(try_lift(&stage, WARD_SHARED_BUFFER, 7), -WARD_FAULT_PROTOCOL);
        ward_buffer_release(buffer);
        end(&stage);
}

TEST(lies_about_what_was_dropped)
{
        struct stage stage;
        struct ward_buffer *buffer = make(10);
        begin(&stage);
        for (int i = 0; i < 100; i++) {
                uint32_t number = lower(&stage, buffer);
                drop(&stage, number, i % 3 ? UINT32_MAX : 0, i % 2 ? UINT32_MAX : 0);
                drop(&stage, number, 1, 0);
                assert_in_range(references_of(buffer), 1, 2);
                if (!try_lift(&stage, WARD_SHARED_BUFFER, number))
                        ward_buffer_release(buffer);
                shares_again(stage.shares, number);
                assert_int_equal(pass_drain(&stage.worker), 0);
                has_descriptor(&stage, SHARES_BUFFER, number);
                has_descriptor(&stage, SHARES_BUFFER, number);
        }
        ward_buffer_release(buffer);
        end(&stage);
}

TEST(a_worker_that_asks_and_never_reads)
{
        struct stage stage;
        struct ward_buffer *buffer = make(10);
        uint64_t before = clock_now();
        begin(&stage);
        uint32_t number = lower(&stage, buffer);
        int r = 0;
        for (int i = 0; i < 1000 && !r; i++) {
                struct ward_buffer *other = make(1);
                r = shares_lower(stage.shares, WARD_SHARED_BUFFER, other, &number, &(bool){ false }, &stage.fault);
                ward_buffer_release(other);
        }
        assert_int_equal(r, -WARD_FAULT_LIMIT);
        assert_in_range(clock_now() - before, 0, 2000000000);
        ward_buffer_release(buffer);
        end(&stage);
}

TEST(never_ending_new_ones)
{
        struct stage stage;
        void *objects[CHARGE_BUFFERS_MAX + 1];
        struct ward_buffer *theirs = make(1);
        size_t n = 0;
        int r = 0;
        begin(&stage);
        for (uint32_t number = 1; !r; number += 2) {
                assert_in_range(n, 0, CHARGE_BUFFERS_MAX);
                post(&stage, number & 2 ? SHARES_BUFFER : SHARES_STREAM, number, 0, ward_buffer_fd(theirs));
                r = shares_lift(stage.shares, number & 2 ? WARD_SHARED_BUFFER : WARD_SHARED_STREAM, stage.charge, number,
                                &objects[n], &stage.fault);
                n += !r;
        }
        assert_int_equal(r, -WARD_FAULT_LIMIT);
        assert_int_equal(n, CHARGE_BUFFERS_MAX);
        for (size_t i = 0; i < n; i++)
                memory_release(i % 2 ? WARD_SHARED_BUFFER : WARD_SHARED_STREAM, objects[i]);
        ward_buffer_release(theirs);
        end(&stage);
}

TEST(more_bytes_than_there_may_be)
{
        struct stage stage;
        int fd = sealed_memory((uint64_t)1 << 40, F_SEAL_SHRINK);
        begin(&stage);
        post(&stage, SHARES_BUFFER, 3, 0, fd);
        close(fd);
        assert_int_equal(try_lift(&stage, WARD_SHARED_BUFFER, 3), -WARD_FAULT_LIMIT);
        end(&stage);
}

TEST(a_worker_that_is_gone)
{
        struct stage stage;
        struct ward_buffer *buffer = make(10);
        uint32_t number = 0;
        begin(&stage);
        lower(&stage, buffer);
        assert_int_equal(shutdown(stage.sockets[1], SHUT_RDWR), 0);
        struct ward_buffer *other = make(10);
        assert_int_equal(shares_lower(stage.shares, WARD_SHARED_BUFFER, other, &number, &(bool){ false }, &stage.fault),
                         -WARD_FAULT_UNLOADED);
        assert_int_equal(references_of(other), 1);
        shares_end(stage.shares);
        assert_int_equal(references_of(buffer), 1);
        ward_buffer_release(other);
        ward_buffer_release(buffer);
        end(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_descriptor_travels_once),
                         TEST_CASE(a_workers_buffer_is_held_as_long_as_it_holds_it), TEST_CASE(what_is_under_way_is_waited_for),
                         TEST_CASE(what_does_not_arrive_is_forgotten), TEST_CASE(the_worker_is_told_what_nobody_in_the_host_needs),
                         TEST_CASE(a_stream_travels_each_time), TEST_CASE(what_is_no_memory_of_a_fixed_size_is_refused),
                         TEST_CASE(a_lie_about_a_seal_is_seen), TEST_CASE(numbers_that_are_none),
                         TEST_CASE(lies_about_what_was_dropped), TEST_CASE(a_worker_that_asks_and_never_reads),
                         TEST_CASE(never_ending_new_ones), TEST_CASE(more_bytes_than_there_may_be),
                         TEST_CASE(a_worker_that_is_gone));
}
