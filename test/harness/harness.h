/* Tests: each runs in a process of its own, has a time limit, and fails if it leaves a descriptor, a child or a thread behind.
 *
 *      TEST(adds_numbers) { assert_int_equal(add(1, 2), 3); }
 *      int main(int argc, char **argv) { return TEST_MAIN(argc, argv, TEST_CASE(adds_numbers), TEST_CASE_LONG(soaks, 60)); }
 *
 * Arguments: names of tests to run; none: all. WARD_TEST_NOFORK=1 runs them in this process, for a debugger. Exit status 77 from
 * harness_skip marks a test as skipped (with WARD_MUST_WORK=1: failed). */
#ifndef TEST_HARNESS_H
#define TEST_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Whether this is built with AddressSanitizer, which has more addresses than memory, and keeps what was freed for a while. */
#if defined(__SANITIZE_ADDRESS__)
enum { HARNESS_HAS_SHADOW = 1 };
#elif defined(__has_feature)
enum { HARNESS_HAS_SHADOW = __has_feature(address_sanitizer) };
#else
enum { HARNESS_HAS_SHADOW = 0 };
#endif

struct test_case {
        const char *name;
        void (*run)(void);
        unsigned seconds;
};

#define TEST(name) static void test_##name(void)
#define TEST_CASE(name)                                                                                                            \
        {                                                                                                                          \
#name, test_##name, 20                                                                                             \
        }
#define TEST_CASE_LONG(name, seconds)                                                                                              \
        {                                                                                                                          \
#name, test_##name, seconds                                                                                        \
        }
#define TEST_MAIN(argc, argv, ...)                                                                                                 \
        harness_main(argc, argv, (const struct test_case[]){ __VA_ARGS__ },                                                        \
                     sizeof((const struct test_case[]){ __VA_ARGS__ }) / sizeof(struct test_case))

int harness_main(int argc, char **argv, const struct test_case *cases, size_t n);

/* Ends the running test as skipped, with the reason. */
void harness_skip(const char *reason) __attribute__((noreturn));

/* Open descriptors, and threads, of this process now. */
int harness_count_fds(void);
int harness_count_threads(void);

#endif
