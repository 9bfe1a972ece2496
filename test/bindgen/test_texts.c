/* Strings in either encoding, on either side, into an add-in that borrows its arguments: the host says nothing of it. */
#include <uchar.h>
#include "test/support.h"
#include "texts_host.h"

#ifdef TEST_UTF16
typedef char16_t unit;
#define T(text) u##text
#else
typedef char unit;
#define T(text) text
#endif

static size_t length(const unit *s)
{
        size_t len = 0;
        while (s[len])
                len++;
        return len;
}

static texts_string_t text(const unit *s)
{
        texts_string_t made;
        texts_string_set(&made, s);
        return made;
}

static void assert_text(const texts_string_t *got, const unit *expected)
{
        assert_int_equal(got->len, length(expected));
        assert_memory_equal(got->ptr, expected, got->len * sizeof *expected);
}

/* The line in quotes. */
static void say(void *data, texts_string_t *line, texts_string_t *ret)
{
        unit quoted[64] = { '<' };
        assert_ptr_equal(data, text);
        assert_true(line->len < 60);
        memcpy(quoted + 1, line->ptr, line->len * sizeof *quoted);
        quoted[line->len + 1] = '>';
        assert_true(texts_string_dup_n(ret, quoted, line->len + 2));
}

static const struct texts_services services = { .data = (void *)text, .say = say };

static void check_strings(struct texts *texts)
{
        texts_string_t in = text(T("Grüße 😀 aus Bär")), out;
        uint32_t units;
        assert_int_equal(texts_shout(texts, &in, &out, NULL), 0);
        assert_text(&out, T("GRüßE 😀 AUS BäR!"));
        texts_string_free(&out);
        in = text(T(""));
        assert_int_equal(texts_shout(texts, &in, &out, NULL), 0);
        assert_text(&out, T("!"));
        texts_string_free(&out);
        in = text(T("ascii"));
        assert_int_equal(texts_units(texts, &in, &units, NULL), 0);
        assert_int_equal(units, 5);
        texts_string_t parts[] = { text(T("ä")), text(T("")), text(T("c")) };
        assert_int_equal(texts_join(texts, &(texts_list_string_t){ parts, 3 }, &in, &out, NULL), 0);
        assert_text(&out, T("äasciiasciic"));
        texts_string_free(&out);
        assert_int_equal(texts_join(texts, &(texts_list_string_t){ parts, 3 }, NULL, &out, NULL), 0);
        assert_text(&out, T("äc"));
        texts_string_free(&out);
}

/* Units are the add-in's own: two of UTF-8, one of UTF-16. */
static void check_units(struct texts *texts, uint32_t expected)
{
        texts_string_t in = text(T("ä"));
        uint32_t units;
        assert_int_equal(texts_units(texts, &in, &units, NULL), 0);
        assert_int_equal(units, expected);
}

static void check_numbers(struct texts *texts)
{
        uint32_t numbers[] = { 1, 0xffffffff, 3 };
        uint64_t total;
        double largest;
        assert_int_equal(texts_total(texts, &(texts_list_u32_t){ numbers, 3 }, &total, NULL), 0);
        assert_true(total == 0x100000003ull);
        assert_int_equal(texts_total(texts, &(texts_list_u32_t){ NULL, 0 }, &total, NULL), 0);
        assert_true(!total);
        texts_tuple2_u8_f64_t pairs[] = { { 3, 1.5 }, { 200, 0.25 } };
        assert_int_equal(texts_largest(texts, &(texts_list_tuple2_u8_f64_t){ pairs, 2 }, &largest, NULL), 0);
        assert_true(largest == 50);
}

static void check_records(struct texts *texts)
{
        texts_string_t tags[] = { text(T("größer")), text(T("kleiner")) }, ret, err;
        texts_note_t note = { text(T("Überschrift")), { tags, 2 }, { true, 7 } }, back;
        assert_int_equal(texts_copy(texts, &note, &back, NULL), 0);
        assert_text(&back.title, T("Überschrift"));
        assert_int_equal(back.tags.len, 2);
        assert_text(&back.tags.ptr[1], T("kleiner"));
        assert_true(back.at.is_some && back.at.val == 7);
        texts_note_free(&back);
        assert_int_equal(texts_tell(texts, &note, &ret, &err, NULL), 0);
        assert_text(&ret, T("<größer>"));
        texts_string_free(&ret);
        note.tags.len = 0;
        assert_int_equal(texts_tell(texts, &note, &ret, &err, NULL), 1);
        assert_text(&err, T("Überschrift"));
        texts_string_free(&err);
}

static void check(enum ward_isolation isolation, const char *addin, uint32_t units)
{
        struct ward_fault fault;
        struct texts *texts;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(isolation);
        assert_good(texts_activate(host, addin_file(addin, isolation), &options, &services, &texts, &fault), &fault);
        for (int i = 0; i < 3; i++) {
                check_strings(texts);
                check_units(texts, units);
                check_numbers(texts);
                check_records(texts);
        }
        texts_release(texts);
        ward_host_free(host);
}

static void check_both(enum ward_isolation isolation)
{
        check(isolation, "texts", 2);
        check(isolation, "texts_other", 1);
}

TEST(direct)
{
        check_both(WARD_DIRECT);
}

TEST(wasm)
{
        check_both(WARD_WASM);
}

TEST(process)
{
        check_both(WARD_PROCESS);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(direct), TEST_CASE_LONG(wasm, 60), TEST_CASE(process));
}
