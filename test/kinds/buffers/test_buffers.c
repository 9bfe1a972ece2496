/* Buffers and streams at every kind, through the public API. That each test leaves no descriptor behind is the harness's to see;
 * that it leaves nothing mapped, ours. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ward/buffer.h>
#include "buffers_host.h"
#include "test/support.h"

static const enum ward_isolation kinds[] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };

struct context {
        struct buffers *buffers;
        enum ward_isolation kind;
        struct ward_buffer *looked_at, *kept;
        unsigned looks;
        int stream; /* to be given, or -1 */
};

/* --- The host --------------------------------------------------------------------------------- */

static struct ward_buffer *make(uint64_t size, uint8_t byte)
{
        struct ward_buffer *buffer = NULL;
        void *data;
        assert_int_equal(ward_buffer_new(size, "test", &buffer), 0);
        assert_int_equal(ward_buffer_map(buffer, WARD_BUFFER_WRITE, &data), 0);
        memset(data, byte, size);
        return buffer;
}

static uint64_t sum_of(const struct ward_buffer *buffer)
{
        uint64_t sum = 0;
        for (uint64_t at = 0; at < ward_buffer_size(buffer); at++) {
                uint8_t byte;
                assert_int_equal(ward_buffer_read(buffer, at, &byte, 1), 0);
                sum += byte;
        }
        return sum;
}

static uint64_t look(void *data, struct ward_buffer *what)
{
        struct context *context = data;
        context->looks++;
        context->looked_at = what;
        return sum_of(what);
}

static struct ward_buffer *offer(void *data)
{
        return make(5, 3);
}

static void keep(void *data, struct ward_buffer *what)
{
        struct context *context = data;
        ward_buffer_release(context->kept);
        context->kept = what;
}

static bool open_stream(void *data, struct ward_stream **ret)
{
        struct context *context = data;
        int fd = context->stream;
        context->stream = -1;
        return fd >= 0 && !ward_stream_new(fd, ret);
}

static struct buffers_services services_of(struct context *context)
{
        return (struct buffers_services){ .data = context, .look = look, .offer = offer, .keep = keep, .open = open_stream };
}

static unsigned count_mappings(void)
{
        FILE *maps = fopen("/proc/self/maps", "re");
        char line[1024];
        unsigned n = 0;
        while (fgets(line, sizeof line, maps))
                n += strstr(line, "memfd:test") || strstr(line, "memfd:ward-buffer") || strstr(line, "memfd:buffer");
        fclose(maps);
        return n;
}

static void with(struct ward_host *host, enum ward_isolation kind, uint64_t memory, void (*body)(struct context *context))
{
        struct context context = { .kind = kind, .stream = -1 };
        const struct buffers_services services = services_of(&context);
        struct ward_activate_options options = options_for(kind);
        struct ward_fault fault;
        options.limits.memory_bytes = memory;
        assert_good(buffers_activate(host, addin_file("buffers", kind), &options, &services, &context.buffers, &fault), &fault);
        body(&context);
        buffers_release(context.buffers);
        ward_buffer_release(context.kept);
}

static void with_each(void (*body)(struct context *context))
{
        struct ward_host *host = host_start();
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                with(host, kinds[i], 0, body);
                assert_int_equal(count_mappings(), 0);
        }
        ward_host_free(host);
}

/* --- Buffers ---------------------------------------------------------------------------------- */

static uint64_t sum_there(struct context *context, struct ward_buffer *buffer)
{
        struct ward_fault fault;
        uint64_t sum = 0;
        assert_good(buffers_sum(context->buffers, buffer, &sum, &fault), &fault);
        return sum;
}

static struct ward_buffer *make_there(struct context *context, uint64_t size, uint8_t byte, bool sealed)
{
        struct ward_fault fault;
        buffers_option_own_buffer_t made;
        assert_good(buffers_make(context->buffers, size, byte, sealed, &made, &fault), &fault);
        assert_true(made.is_some);
        return made.val;
}

static void check_argument(struct context *context)
{
        struct ward_fault fault;
        struct ward_buffer *buffer = make(10000, 2);
        bool filled = false;
        assert_int_equal(sum_there(context, buffer), 20000);
        assert_good(buffers_fill(context->buffers, buffer, 3, &filled, &fault), &fault);
        assert_true(filled);
        assert_int_equal(sum_of(buffer), 30000);
        assert_int_equal(sum_there(context, buffer), 30000);
        ward_buffer_release(buffer);
        buffer = make(0, 0);
        assert_int_equal(sum_there(context, buffer), 0);
        ward_buffer_release(buffer);
}

TEST(an_argument_is_read_and_written)
{
        with_each(check_argument);
}

static void check_result(struct context *context)
{
        struct ward_buffer *buffer = make_there(context, 7000, 5, false);
        assert_int_equal(ward_buffer_size(buffer), 7000);
        assert_int_equal(sum_of(buffer), 35000);
        assert_int_equal(sum_there(context, buffer), 35000);
        ward_buffer_release(buffer);
}

TEST(a_result_is_the_hosts)
{
        with_each(check_result);
}

static void check_ownership(struct context *context)
{
        struct ward_fault fault;
        struct ward_buffer *buffer = make(100, 1), *back = NULL;
        buffers_option_own_buffer_t held;
        for (int i = 0; i < 3; i++) {
                assert_good(buffers_pass(context->buffers, buffer, &back, &fault), &fault);
                assert_ptr_equal(back, buffer); /* the same memory is the same buffer */
        }
        assert_good(buffers_hold(context->buffers, buffer, &fault), &fault);
        ward_buffer_release(buffer);
        assert_good(buffers_held(context->buffers, &held, &fault), &fault);
        assert_true(held.is_some);
        assert_int_equal(sum_of(held.val), 100);
        if (context->kind != WARD_DIRECT) /* where what an add-in leaves behind stays */
                assert_good(buffers_hold(context->buffers, held.val, &fault), &fault);
        ward_buffer_release(held.val);
}

TEST(references_are_counted_on_both_sides)
{
        with_each(check_ownership);
}

static void check_parts(struct context *context)
{
        struct ward_fault fault;
        struct ward_buffer *list[3] = { make(10, 1), make(20, 1), make(30, 1) };
        struct ward_buffer *twice[2] = { list[0], list[0] };
        buffers_list_own_buffer_t all = { list, 3 }, turned;
        buffers_list_borrow_buffer_t lent = { twice, 2 };
        buffers_list_u64_t sums;
        assert_good(buffers_sums(context->buffers, &lent, &sums, &fault), &fault);
        assert_int_equal(sums.len, 2);
        assert_int_equal(sums.ptr[0] + sums.ptr[1], 20);
        buffers_list_u64_free(&sums);
        assert_good(buffers_turn(context->buffers, &all, &turned, &fault), &fault);
        assert_int_equal(turned.len, 3);
        for (size_t i = 0; i < turned.len; i++) {
                assert_ptr_equal(turned.ptr[i], list[2 - i]);
                ward_buffer_release(turned.ptr[i]);
        }
        buffers_list_own_buffer_free(&turned);
        buffers_picture_t picture = { .pixels = make(50, 0) }, painted;
        buffers_string_set(&picture.title, "abc");
        assert_good(buffers_paint(context->buffers, &picture, &painted, &fault), &fault);
        assert_int_equal(sum_of(painted.pixels), 150);
        ward_buffer_release(painted.pixels);
        buffers_picture_free(&painted);
}

TEST(a_field_and_an_element)
{
        with_each(check_parts);
}

static void check_callbacks(struct context *context)
{
        struct ward_fault fault;
        uint64_t sum = 0;
        assert_good(buffers_show(context->buffers, 3000, &sum, &fault), &fault);
        assert_int_equal(sum, 6000);
        assert_int_equal(context->looks, 2);
        assert_good(buffers_fetch(context->buffers, &sum, &fault), &fault);
        assert_int_equal(sum, 15);
        for (uint8_t i = 1; i < 4; i++) {
                assert_good(buffers_give(context->buffers, 100, i, &fault), &fault);
                assert_int_equal(sum_of(context->kept), 100 * i);
        }
        assert_int_equal(sum_there(context, context->kept), 300);
}

TEST(callbacks_have_them_too)
{
        with_each(check_callbacks);
}

static void check_same(struct context *context)
{
        struct ward_fault fault;
        struct ward_buffer *buffer = make(1, 1), *other = make(1, 1);
        bool same = false;
        assert_good(buffers_same(context->buffers, buffer, buffer, &same, &fault), &fault);
        assert_true(same || context->kind == WARD_WASM); /* where each loan is a handle of its own */
        assert_good(buffers_same(context->buffers, buffer, other, &same, &fault), &fault);
        assert_false(same);
        ward_buffer_release(buffer);
        ward_buffer_release(other);
}

TEST(one_buffer_is_one_there)
{
        with_each(check_same);
}

/* --- Trust ------------------------------------------------------------------------------------ */

static void check_seal(struct context *context)
{
        struct ward_fault fault;
        struct ward_buffer *theirs = make_there(context, 9000, 1, true), *mine = make(9000, 1);
        void *data;
        bool done = true;
        assert_true(ward_buffer_is_sealed(theirs));
        assert_int_equal(ward_buffer_map(theirs, WARD_BUFFER_READ, &data), 0);
        assert_int_equal(((uint8_t *)data)[8999], 1);
        assert_int_equal(ward_buffer_map(theirs, WARD_BUFFER_WRITE, &data), -EPERM);
        assert_int_equal(ward_buffer_seal(mine), 0);
        assert_int_equal(sum_there(context, mine), 9000);
        assert_good(buffers_fill(context->buffers, mine, 2, &done, &fault), &fault);
        assert_false(done);
        assert_good(buffers_fill(context->buffers, theirs, 2, &done, &fault), &fault);
        assert_false(done);
        assert_int_equal(sum_of(mine) + sum_of(theirs), 18000);
        ward_buffer_release(mine);
        ward_buffer_release(theirs);
}

TEST(what_is_sealed_is_read_in_place_and_never_written)
{
        with_each(check_seal);
}

static void check_exposed(struct context *context)
{
        int isolated = context->kind == WARD_DIRECT ? 0 : -EPERM;
        struct ward_buffer *theirs = make_there(context, 4096, 1, false), *mine = make(4096, 1), *guarded = make(4096, 1);
        struct ward_fault fault;
        void *data;
        bool filled = true;
        assert_int_equal(ward_buffer_map(theirs, WARD_BUFFER_READ, &data), isolated);
        assert_int_equal(ward_buffer_map(theirs, WARD_BUFFER_READ | WARD_BUFFER_SHARED, &data), 0);
        assert_int_equal(ward_buffer_map(mine, WARD_BUFFER_READ, &data), 0);
        sum_there(context, mine);
        assert_int_equal(ward_buffer_map(mine, WARD_BUFFER_READ, &data), isolated);
        assert_int_equal(ward_buffer_protect(guarded), 0);
        sum_there(context, guarded);
        assert_int_equal(ward_buffer_map(guarded, WARD_BUFFER_READ, &data), 0);
        if (context->kind == WARD_PROCESS) {
                assert_good(buffers_fill(context->buffers, guarded, 9, &filled, &fault), &fault);
                assert_false(filled);
                assert_int_equal(sum_of(guarded), 4096);
        }
        ward_buffer_release(theirs);
        ward_buffer_release(mine);
        ward_buffer_release(guarded);
}

TEST(what_may_change_is_not_read_in_place_unknowingly)
{
        with_each(check_exposed);
}

static void check_files(struct context *context)
{
        char path[] = "/tmp/ward-buffer-XXXXXX";
        int fd = mkstemp(path), loose = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        struct ward_buffer *buffer = NULL;
        assert_int_equal(write(fd, "\1\2\3", 3), 3);
        unlink(path);
        assert_int_equal(ward_buffer_from_fd(fd, &buffer), 0);
        assert_int_equal(sum_there(context, buffer), 6);
        ward_buffer_release(buffer);
        assert_int_equal(ftruncate(loose, 3), 0);
        assert_int_equal(pwrite(loose, "\1\2\3", 3, 0), 3);
        assert_int_equal(ward_buffer_from_fd(loose, &buffer), 0);
        assert_int_equal(sum_there(context, buffer), 6);
        ward_buffer_release(buffer);
}

TEST(the_hosts_files_are_buffers_as_well)
{
        with_each(check_files);
}

static void check_null(struct context *context)
{
        struct ward_fault fault;
        struct ward_buffer *buffer = make(1, 1), *list[2] = { buffer, NULL };
        buffers_list_own_buffer_t all = { list, 2 }, turned;
        uint64_t sum;
        assert_int_equal(buffers_sum(context->buffers, NULL, &sum, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "NULL");
        assert_int_equal(buffers_turn(context->buffers, &all, &turned, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(sum_there(context, buffer), 1); /* still the host's */
        ward_buffer_release(buffer);
}

TEST(null_is_no_buffer)
{
        with_each(check_null);
}

static void check_quota(struct context *context)
{
        struct ward_fault fault;
        buffers_option_own_buffer_t made = { .is_some = true };
        assert_good(buffers_make(context->buffers, (uint64_t)1 << 40, 0, false, &made, &fault), &fault);
        assert_false(made.is_some);
        struct ward_buffer *some = make_there(context, 20 << 20, 1, false);
        assert_good(buffers_make(context->buffers, 20 << 20, 0, false, &made, &fault), &fault);
        assert_false(made.is_some);
        ward_buffer_release(some);
        ward_buffer_release(make_there(context, 20 << 20, 1, false));
}

/* At kind `process` the limit is on all that is mapped there. */
TEST(a_module_makes_no_more_than_its_limit)
{
        struct ward_host *host = host_start();
        with(host, WARD_WASM, 32 << 20, check_quota);
        ward_host_free(host);
}

/* --- Lifetimes -------------------------------------------------------------------------------- */

TEST(a_buffer_outlives_its_maker)
{
        struct ward_host *host = host_start();
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                struct context context = { .kind = kinds[i], .stream = -1 };
                const struct buffers_services services = services_of(&context);
                struct ward_activate_options options = options_for(kinds[i]);
                struct ward_fault fault;
                assert_good(buffers_activate(host, addin_file("buffers", kinds[i]), &options, &services, &context.buffers, &fault),
                            &fault);
                struct ward_buffer *buffer = make_there(&context, 1000, 7, false);
                buffers_release(context.buffers);
                assert_int_equal(sum_of(buffer), 7000);
                ward_buffer_release(buffer);
        }
        ward_host_free(host);
}

/* A child has the memory, and no worker. */
static void check_child(struct context *context, struct ward_host *host)
{
        struct ward_buffer *shared = make(100, 1), *theirs = make_there(context, 100, 2, false);
        struct ward_fault fault;
        uint64_t sum;
        int status;
        sum_there(context, shared);
        pid_t child = fork();
        if (!child) {
                bool good = buffers_sum(context->buffers, shared, &sum, &fault) == -WARD_FAULT_UNLOADED && sum_of(theirs) == 200;
                ward_buffer_release(theirs);
                buffers_release(context->buffers);
                ward_host_free(host);
                good = good && sum_of(shared) == 100;
                ward_buffer_release(shared);
                _exit(good && !count_mappings() ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(sum_there(context, shared), 100);
        assert_int_equal(sum_there(context, theirs), 200);
        ward_buffer_release(theirs);
        ward_buffer_release(shared);
}

TEST(a_forked_child_keeps_the_memory_and_not_the_worker)
{
        struct ward_host *host = host_start();
        struct context context = { .kind = WARD_PROCESS, .stream = -1 };
        const struct buffers_services services = services_of(&context);
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_fault fault;
        assert_good(buffers_activate(host, addin_file("buffers", WARD_PROCESS), &options, &services, &context.buffers, &fault),
                    &fault);
        check_child(&context, host);
        buffers_release(context.buffers);
        ward_host_free(host);
}

enum { THREADS = 4, ROUNDS = 300 };

struct crowd {
        struct context context;
        struct ward_buffer *common;
};

/* The last reference there ends while others come. */
static void *use(void *data)
{
        struct crowd *crowd = data;
        for (int i = 0; i < ROUNDS; i++) {
                struct ward_fault fault;
                struct ward_buffer *own = make(100, 1), *back = NULL;
                assert_int_equal(sum_there(&crowd->context, crowd->common), 500);
                assert_good(buffers_pass(crowd->context.buffers, own, &back, &fault), &fault);
                assert_ptr_equal(back, own);
                assert_good(buffers_pass(crowd->context.buffers, ward_buffer_acquire(crowd->common), &back, &fault), &fault);
                assert_ptr_equal(back, crowd->common);
                ward_buffer_release(back);
                ward_buffer_release(own);
                own = make_there(&crowd->context, 50, 2, i % 2);
                assert_int_equal(sum_there(&crowd->context, own), 100);
                ward_buffer_release(own);
        }
        return NULL;
}

TEST(many_threads_share_them)
{
        struct ward_host *host = host_start();
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                struct crowd crowd = { .context = { .kind = kinds[i], .stream = -1 } };
                const struct buffers_services services = services_of(&crowd.context);
                struct ward_activate_options options = options_for(kinds[i]);
                struct ward_fault fault;
                pthread_t threads[THREADS];
                options.free_threaded = kinds[i] == WARD_PROCESS;
                options.deadline_ms = 10000;
                assert_good(buffers_activate(host, addin_file("buffers", kinds[i]), &options, &services, &crowd.context.buffers,
                                             &fault),
                            &fault);
                crowd.common = make(100, 5);
                for (int k = 0; k < THREADS; k++)
                        assert_int_equal(pthread_create(&threads[k], NULL, use, &crowd), 0);
                for (int k = 0; k < THREADS; k++)
                        pthread_join(threads[k], NULL);
                buffers_release(crowd.context.buffers);
                ward_buffer_release(crowd.common);
                assert_int_equal(count_mappings(), 0);
        }
        ward_host_free(host);
}

/* --- Streams ---------------------------------------------------------------------------------- */

static struct ward_stream *stream_of(int fd)
{
        struct ward_stream *stream = NULL;
        assert_int_equal(ward_stream_new(fd, &stream), 0);
        return stream;
}

static void check_streams(struct context *context)
{
        struct ward_fault fault;
        int ends[2];
        uint64_t n = 0;
        char line[6] = "";
        bool said = false;
        struct ward_stream *back = NULL;
        buffers_string_t text;
        buffers_string_set(&text, "hello");
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        struct ward_stream *target = stream_of(ends[1]);
        assert_good(buffers_say(context->buffers, target, &text, &said, &fault), &fault);
        assert_true(said);
        assert_int_equal(read(ends[0], line, 5), 5);
        assert_string_equal(line, "hello");
        assert_good(buffers_say(context->buffers, target, &text, &said, &fault), &fault);
        ward_stream_release(target); /* the last end for writing */
        assert_good(buffers_drain(context->buffers, stream_of(ends[0]), &n, &fault), &fault);
        assert_int_equal(n, 5);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(write(ends[1], "abc", 3), 3);
        close(ends[1]);
        context->stream = ends[0];
        assert_good(buffers_open_and_drain(context->buffers, &n, &fault), &fault);
        assert_int_equal(n, 3);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_good(buffers_echo_stream(context->buffers, stream_of(ends[1]), &back, &fault), &fault);
        assert_int_equal(write(ward_stream_fd(back), "x", 1), 1);
        assert_int_equal(read(ends[0], line, 1), 1);
        ward_stream_release(back);
        assert_int_equal(read(ends[0], line, 1), 0); /* nobody has the other end */
        close(ends[0]);
}

TEST(streams_flow_both_ways)
{
        with_each(check_streams);
}

/* A pipe that nobody reads or writes costs the module its call, not the host its thread. */
TEST(a_module_does_not_wait_for_ever)
{
        struct ward_host *host = host_start();
        struct context context = { .kind = WARD_WASM, .stream = -1 };
        const struct buffers_services services = services_of(&context);
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        uint64_t n = 1;
        int ends[2];
        options.deadline_ms = 200;
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_good(buffers_activate(host, addin_file("buffers", WARD_WASM), &options, &services, &context.buffers, &fault),
                    &fault);
        int r = buffers_drain(context.buffers, stream_of(ends[0]), &n, &fault);
        assert_true(r == -WARD_FAULT_DEADLINE || !n); /* or it was told that there is nothing, and was quick */
        buffers_release(context.buffers);
        close(ends[1]);
        ward_host_free(host);
}

TEST(a_module_that_writes_to_nobody_costs_no_signal)
{
        struct ward_host *host = host_start();
        struct context context = { .kind = WARD_WASM, .stream = -1 };
        const struct buffers_services services = services_of(&context);
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        buffers_string_t text;
        bool said = true;
        int ends[2];
        buffers_string_set(&text, "hello");
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        close(ends[0]);
        struct ward_stream *target = stream_of(ends[1]);
        assert_good(buffers_activate(host, addin_file("buffers", WARD_WASM), &options, &services, &context.buffers, &fault),
                    &fault);
        assert_good(buffers_say(context.buffers, target, &text, &said, &fault), &fault);
        assert_false(said);
        buffers_release(context.buffers);
        ward_stream_release(target);
        ward_host_free(host);
}

/* Native add-ins do without its functions, but not without its resources. */
TEST(an_interface_that_is_denied)
{
        struct ward_host *host = host_start();
        for (size_t i = 0; i < 3; i++) {
                static const char *const denied[] = { "ward:domain/memory@0.1.0", NULL };
                struct context context = { 0 };
                const struct buffers_services services = services_of(&context);
                struct ward_activate_options options = options_for(kinds[i]);
                struct ward_fault fault;
                options.denied_imports = denied;
                int r = buffers_activate(host, addin_file("buffers", kinds[i]), &options, &services, &context.buffers, &fault);
                assert_int_equal(r, -WARD_FAULT_REFUSED);
                assert_says(&fault, "ward:domain/memory@0.1.0#");
                assert_says(&fault, "denied");
        }
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(an_argument_is_read_and_written), TEST_CASE(a_result_is_the_hosts),
                         TEST_CASE(references_are_counted_on_both_sides), TEST_CASE(a_field_and_an_element),
                         TEST_CASE(callbacks_have_them_too), TEST_CASE(one_buffer_is_one_there),
                         TEST_CASE(what_is_sealed_is_read_in_place_and_never_written),
                         TEST_CASE(what_may_change_is_not_read_in_place_unknowingly),
                         TEST_CASE(the_hosts_files_are_buffers_as_well), TEST_CASE(null_is_no_buffer),
                         TEST_CASE(a_module_makes_no_more_than_its_limit), TEST_CASE(a_buffer_outlives_its_maker),
                         TEST_CASE(a_forked_child_keeps_the_memory_and_not_the_worker), TEST_CASE_LONG(many_threads_share_them, 60),
                         TEST_CASE(streams_flow_both_ways), TEST_CASE(a_module_does_not_wait_for_ever),
                         TEST_CASE(a_module_that_writes_to_nobody_costs_no_signal), TEST_CASE(an_interface_that_is_denied));
}
