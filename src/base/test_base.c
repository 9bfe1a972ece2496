#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/list.h"
#include "base/near.h"
#include "base/own.h"
#include "base/wiped.h"
#include "test/harness/harness.h"

static const char *escaped(const char *from, size_t len, size_t size, int lines)
{
        static char to[256];
        memset(to, '#', sizeof to);
        text_escape(to, size, from, len, lines);
        return to;
}

TEST(escape)
{
        assert_string_equal(escaped("plain", 5, 256, 0), "plain");
        assert_string_equal(escaped("gr\xc3\xbc\xc3\x9f", 6, 256, 0), "gr\xc3\xbc\xc3\x9f");
        assert_string_equal(escaped("a\x1b[2Jb", 6, 256, 0), "a\\x1b[2Jb");
        assert_string_equal(escaped("a\nb", 3, 256, 0), "a\\x0ab");
        assert_string_equal(escaped("a\nb", 3, 256, 1), "a\nb");
        assert_string_equal(escaped("\xff\x80", 2, 256, 0), "\\xff\\x80");
        assert_string_equal(escaped("a\0b", 3, 256, 0), "a\\x00b");
        assert_string_equal(escaped("\xe2\x80\xae", 3, 256, 0), "\\xe2\\x80\\xae"); /* a right-to-left override */
        assert_string_equal(escaped("\xc2\x9b", 2, 256, 0), "\\xc2\\x9b");          /* a C1 control: CSI */
}

TEST(escape_cuts_whole)
{
        assert_string_equal(escaped("abcdef", 6, 4, 0), "abc");
        assert_string_equal(escaped("ab\xc3\xbc", 4, 4, 0), "ab");
        assert_string_equal(escaped("a\x01", 2, 5, 0), "a");
        assert_string_equal(escaped("abc", 3, 1, 0), "");
}

TEST(utf8)
{
        static const struct {
                const char *bytes;
                int good;
        } cases[] = {
                { "", 1 },
                { "plain ascii, longer than eight bytes", 1 },
                { "\xc3\xbc", 1 },
                { "\xe2\x82\xac", 1 },
                { "\xf0\x9f\x98\x80", 1 },
                { "\xf4\x8f\xbf\xbf", 1 },
                { "\xed\x9f\xbf", 1 },
                { "\x80", 0 },             /* a continuation alone */
                { "\xc0\xaf", 0 },         /* overlong */
                { "\xc1\xbf", 0 },         /* overlong */
                { "\xe0\x80\xaf", 0 },     /* overlong */
                { "\xf0\x80\x80\xaf", 0 }, /* overlong */
                { "\xed\xa0\x80", 0 },     /* a surrogate */
                { "\xf4\x90\x80\x80", 0 }, /* above 0x10ffff */
                { "\xf5\x80\x80\x80", 0 },
                { "12345678\xc3", 0 }, /* cut short behind a whole word */
                { "\xe2\x82", 0 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                assert_int_equal(text_is_utf8(cases[i].bytes, strlen(cases[i].bytes)), cases[i].good);
}

/* The same, character by character and slowly. */
static int is_utf8_slowly(const uint8_t *at, size_t len)
{
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        for (size_t i = 0, n; i < len; i += n) {
                n = at[i] < 0x80 ? 1 : at[i] >> 5 == 6 ? 2 : at[i] >> 4 == 14 ? 3 : at[i] >> 3 == 30 ? 4 : 0;
                if (!n || n > len - i)
                        return 0;
                uint32_t c = n == 1 ? at[i] : at[i] & (0x7fu >> n);
                for (size_t k = 1; k < n; k++) {
                        if (at[i + k] >> 6 != 2)
                                return 0;
                        c = c << 6 | (at[i + k] & 0x3f);
                }
                if (c < least[n] || c > 0x10ffff || c >> 11 == 0x1b)
                        return 0;
        }
        return 1;
}

/* All four bytes that differ in what matters, alone and in the middle of ASCII. */
TEST(utf8_of_all_kinds)
{
        static const uint8_t heads[] = { 0x41, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                                         0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff };
        static const uint8_t tails[] = { 0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc3, 0xe0, 0xf0, 0xff };
        uint32_t n = COUNT_OF(tails);
        uint8_t text[32];
        for (uint32_t i = 0; i < COUNT_OF(heads) * n * n * n; i++) {
                const uint8_t four[] = { heads[i / (n * n * n)], tails[i / (n * n) % n], tails[i / n % n], tails[i % n] };
                size_t before = i % 17;
                memset(text, 'x', sizeof text);
                memcpy(text + before, four, 4);
                for (size_t len = before; len <= before + 4; len++)
                        assert_int_equal(text_is_utf8(text, len), is_utf8_slowly(text, len));
                assert_int_equal(text_is_utf8(text, sizeof text), is_utf8_slowly(text, sizeof text));
        }
}

TEST(fault)
{
        struct ward_fault fault;
        memset(&fault, 0xee, sizeof fault);
        assert_int_equal(fault_set(&fault, WARD_FAULT_MODULE, "no '%s'", "x\x07"), -WARD_FAULT_MODULE);
        assert_int_equal(fault.kind, WARD_FAULT_MODULE);
        assert_string_equal(fault.text, "no 'x\\x07'");
        assert_string_equal(fault.addin, "");
        assert_string_equal(fault.backtrace, "");
        assert_int_equal(fault_set_errno(&fault, WARD_FAULT_SYSTEM, ENOENT, "open"), -WARD_FAULT_SYSTEM);
        assert_string_equal(fault.text, "open: No such file or directory");
        assert_int_equal(fault.error, ENOENT);
        fault_name(&fault, "a", NULL, "f");
        fault_name(&fault, "b", "d", "g");
        assert_string_equal(fault.addin, "a");
        assert_string_equal(fault.domain, "d");
        assert_string_equal(fault.function, "f");
        assert_int_equal(fault_set(NULL, WARD_FAULT_USAGE, "x"), -WARD_FAULT_USAGE);
        fault_name(NULL, "a", "b", "c");
}

TEST(long_texts_are_cut)
{
        struct ward_fault fault;
        static char text[4096];
        memset(text, 'x', sizeof text - 1);
        fault_set_errno(&fault, WARD_FAULT_SYSTEM, ENOENT, "%s", text);
        assert_int_equal(strlen(fault.text), WARD_FAULT_TEXT_MAX - 1);
}

TEST(kind_names)
{
        for (int kind = WARD_FAULT_NONE; kind <= WARD_FAULT_USAGE; kind++)
                assert_string_not_equal(ward_fault_kind_name((enum ward_fault_kind)kind), "unknown");
        assert_string_equal(ward_fault_kind_name((enum ward_fault_kind)99), "unknown");
        assert_string_equal(ward_fault_kind_name((enum ward_fault_kind) - 1), "unknown");
}

TEST(steal)
{
        int value, *p = &value;
        assert_ptr_equal(STEAL(p), &value);
        assert_null(p);
        int fd = 7;
        assert_int_equal(STEAL_FD(fd), 7);
        assert_int_equal(fd, -1);
}

TEST(list)
{
        struct list head, a, b;
        list_init(&head);
        assert_true(list_is_empty(&head));
        list_append(&head, &a);
        list_append(&head, &b);
        assert_ptr_equal(head.next, &a);
        assert_ptr_equal(a.next, &b);
        list_remove(&a);
        assert_ptr_equal(head.next, &b);
        list_remove(&a); /* a detached link may be removed again */
        list_remove(&b);
        assert_true(list_is_empty(&head));
}

TEST(deadlines)
{
        assert_true(clock_deadline(0) == CLOCK_NEVER);
        uint64_t now = clock_now(), then = clock_deadline(1000);
        assert_true(then >= now + 1000000000u && then < now + 2000000000u);
        assert_int_equal(clock_timespec(1500000000u).tv_sec, 1);
        assert_int_equal(clock_timespec(1500000000u).tv_nsec, 500000000);
}

/* Many, in any order, and what a child sees of them. */
TEST(wiped)
{
        enum { MANY = 3000 };
        static uint64_t *slots[MANY];
        int status;
        for (int round = 0; round < 3; round++) {
                for (int i = 0; i < MANY; i++) {
                        slots[i] = wiped_take();
                        assert_non_null(slots[i]);
                        for (int n = 0; n < WIPED_SIZE / 8; n++)
                                assert_int_equal(slots[i][n], 0);
                        memset(slots[i], i % 255 + 1, WIPED_SIZE);
                }
                for (int i = 0; i < MANY; i++)
                        assert_int_equal(((uint8_t *)slots[i])[WIPED_SIZE - 1], i % 255 + 1);
                pid_t pid = fork();
                assert_true(pid >= 0);
                if (!pid) {
                        uint64_t sum = 0;
                        for (int i = 0; i < MANY; i++) {
                                sum |= slots[i][0];
                                wiped_give(slots[i]);
                        }
                        wiped_give(wiped_take());
                        _exit(sum != 0);
                }
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_int_equal(status, 0);
                for (int i = 0; i < MANY; i++)
                        wiped_give(slots[(i * 7) % MANY]);
        }
        wiped_give(NULL);
}

TEST(near_names)
{
        static const char *const names[] = { "read", "write", "execute", "connect" };
        assert_int_equal(near_edits("kitten", 6, "sitting", 7), 3);
        assert_int_equal(near_edits("", 0, "abc", 3), 3);
        assert_string_equal(near_find("excute", names, 4), "execute");
        assert_string_equal(near_find("raed", (const char *const[]){ "rad" }, 1), "rad");
        assert_null(near_find("zzz", names, 4));
        assert_null(near_find("", names, 4));
        assert_null(near_find("a name that is longer than any name is that was meant", names, 4));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(wiped), TEST_CASE(escape), TEST_CASE(escape_cuts_whole), TEST_CASE(utf8),
                         TEST_CASE(utf8_of_all_kinds), TEST_CASE(fault), TEST_CASE(long_texts_are_cut), TEST_CASE(kind_names),
                         TEST_CASE(steal), TEST_CASE(list), TEST_CASE(deadlines), TEST_CASE(near_names));
}
