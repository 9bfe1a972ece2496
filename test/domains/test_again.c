/* Activated again, from the same file or from what is there in its place; and what an add-in finds where others were before. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/domains/cells.h"

static char folder[] = "/tmp/ward-again-XXXXXX";
static char path[PATH_MAX];

static void make_folder(void)
{
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/addin.wasm", folder);
}

static void remove_folder(void)
{
        unlink(path);
        assert_int_equal(rmdir(folder), 0);
}

static uint32_t activate_and_sum(struct ward_host *host, const char *module)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        struct cell *cell;
        assert_good(cell_activate(host, module, &options, NULL, &cell, &fault), &fault);
        uint32_t ret = sum(cell, 2, 3);
        cell_release(cell);
        return ret;
}

/* --- The file --------------------------------------------------------------------------------- */

static void link_to(const char *name)
{
        unlink(path);
        assert_int_equal(symlink(addin_file(name, WARD_WASM), path), 0);
}

TEST(another_file_behind_a_link)
{
        struct ward_host *host = host_start();
        make_folder();
        for (int i = 0; i < 20; i++) {
                link_to(i % 2 ? "cell_more" : "cell");
                assert_int_equal(activate_and_sum(host, path), i % 2 ? 6 : 5);
                assert_int_equal(activate_and_sum(host, path), i % 2 ? 6 : 5);
        }
        remove_folder();
        ward_host_free(host);
}

/* In place, with the same length. */
static void write_over(const char *name)
{
        uint8_t bytes[64 << 10];
        int from = open(addin_file(name, WARD_WASM), O_RDONLY | O_CLOEXEC);
        int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ssize_t n = read(from, bytes, sizeof bytes);
        assert_true(n > 0 && (size_t)n < sizeof bytes);
        assert_int_equal(write(to, bytes, (size_t)n), n);
        assert_int_equal(ftruncate(to, n), 0);
        close(from);
        close(to);
}

/* Faster than times of files may tell. */
TEST(a_file_that_is_written_over)
{
        struct ward_host *host = host_start();
        make_folder();
        for (int i = 0; i < 20; i++) {
                write_over(i % 2 ? "cell_more" : "cell");
                assert_int_equal(activate_and_sum(host, path), i % 2 ? 6 : 5);
        }
        remove_folder();
        ward_host_free(host);
}

TEST(a_file_that_is_gone)
{
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        struct cell *cell = NULL;
        make_folder();
        link_to("cell");
        activate_and_sum(host, path);
        unlink(path);
        assert_int_equal(cell_activate(host, path, &options, NULL, &cell, &fault), -WARD_FAULT_MODULE);
        assert_int_equal(rmdir(folder), 0);
        ward_host_free(host);
}

/* --- What was there before -------------------------------------------------------------------- */

static void check_clean(struct ward_host *host)
{
        struct cell *cell = cell_in(host);
        assert_int_equal(dirty(cell), 0);
        grow(cell, 3);
        assert_int_equal(dirty(cell), 0);
        cell_release(cell);
}

TEST(nothing_is_left_of_others)
{
        struct ward_host *host = host_start();
        for (int i = 0; i < 30; i++) {
                struct cell *cell = cell_in(host);
                assert_int_equal(dirty(cell), 0);
                fill(cell);
                grow(cell, (uint32_t)i % 5);
                fill(cell);
                cell_release(cell);
                check_clean(host);
        }
        ward_host_free(host);
}

TEST(nothing_is_left_of_one_that_trapped)
{
        struct ward_host *host = host_start();
        struct ward_fault fault;
        for (int i = 0; i < 10; i++) {
                struct cell *cell = cell_in(host);
                fill(cell);
                assert_int_equal(cell_trap(cell, &fault), -WARD_FAULT_TRAP);
                assert_int_equal(ward_domain_state(cell_domain(cell)), WARD_DOMAIN_UNLOADED);
                cell_release(cell);
                check_clean(host);
        }
        ward_host_free(host);
}

TEST(nothing_is_left_of_one_that_was_unloaded)
{
        struct ward_host *host = host_start();
        struct ward_fault fault;
        for (int i = 0; i < 10; i++) {
                struct cell *cell = cell_in(host);
                fill(cell);
                assert_good(ward_domain_unload(cell_domain(cell), &fault), &fault);
                check_clean(host);
                cell_release(cell);
        }
        ward_host_free(host);
}

/* --- Threads and forks ------------------------------------------------------------------------ */

static void *again_and_again(void *host)
{
        for (int i = 0; i < 300; i++) {
                struct cell *cell = cell_in(host);
                if (sum(cell, 2, 3) != 5 || dirty(cell))
                        return host;
                fill(cell);
                cell_release(cell);
        }
        return NULL;
}

TEST(several_threads)
{
        struct ward_host *host = host_start();
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, again_and_again, host), 0);
        for (int i = 0; i < 4; i++) {
                void *failed;
                pthread_join(threads[i], &failed);
                assert_null(failed);
        }
        ward_host_free(host);
}

/* AddressSanitizer leaves its allocator locked in a child of a thread beside another that was in it: here one that has just
 * started. */
#ifndef __SANITIZE_ADDRESS__

TEST(a_forked_child)
{
        struct ward_host *host = host_start();
        struct cell *kept = cell_in(host);
        int status;
        fill(kept);
        check_clean(host);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (!pid) {
                bool failed = again_and_again(host);
                cell_release(kept);
                ward_host_free(host);
                _exit(failed);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_true(dirty(kept) > 0);
        cell_release(kept);
        ward_host_free(host);
}

#define A_FORKED_CHILD TEST_CASE(a_forked_child),

#else
#define A_FORKED_CHILD
#endif

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, A_FORKED_CHILD TEST_CASE(another_file_behind_a_link), TEST_CASE(a_file_that_is_written_over),
                         TEST_CASE(a_file_that_is_gone), TEST_CASE(nothing_is_left_of_others),
                         TEST_CASE(nothing_is_left_of_one_that_trapped), TEST_CASE(nothing_is_left_of_one_that_was_unloaded),
                         TEST_CASE(several_threads));
}
