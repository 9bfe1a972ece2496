/* Debugging information that was made byte by byte: what is right is found, what takes too long is left out. */
#include "wasm/dwarf.h"

#include <stdio.h>
#include <time.h>
#include "test/harness/harness.h"
#include "wasm/texts.h"
#include "wasm/writer.h"

#define SPAN(writer) ((struct ward_span){ (writer).at, (writer).len })
#define BYTES(text)                                                                                                                \
        (struct ward_span)                                                                                                         \
        {                                                                                                                          \
                (const uint8_t *)(text), sizeof(text) - 1                                                                          \
        }

static void word(struct writer *out, uint32_t value)
{
        writer_bytes(out, &value, sizeof value);
}

/* A unit of .debug_info or .debug_line: @content behind its length. */
static struct writer unit_of(struct ward_span content)
{
        struct writer out = { 0 };
        word(&out, (uint32_t)content.len);
        writer_span(&out, content);
        return out;
}

/* Version 4; the file "src/a.c". From 0x10 on it is line 5, from 0x14 on line 7, to 0x20. */
#define LINES_HEADER                                                                                                               \
        "\x04\0"                                                                                                                   \
        "\x23\0\0\0"                                                                                                               \
        "\x01\x01\x01\xfb\x0e\x0d\0\x01\x01\x01\x01\0\0\0\x01\0\0\x01"                                                             \
        "src\0\0"                                                                                                                  \
        "a.c\0\x01\0\0"                                                                                                            \
        "\0\0\0\0\0"
#define LINES_PROGRAM                                                                                                              \
        "\0\x05\x02\x10\0\0\0"                                                                                                     \
        "\x03\x04\x01"                                                                                                             \
        "\x4c"                                                                                                                     \
        "\x02\x0c\0\x01\x01"

/* A function from 0x10 to 0x20, with one in it from 0x14 to 0x18 that is called on line 5. */
#define ABBREVIATIONS                                                                                                              \
        "\x01\x11\x01\x10\x06\0\0"                                                                                                 \
        "\x02\x2e\x01\x03\x08\x11\x01\x12\x01\0\0"                                                                                 \
        "\x03\x1d\0\x03\x08\x11\x01\x12\x01\x58\x0b\x59\x0b\0\0\0"
#define ENTRIES                                                                                                                    \
        "\x04\0\0\0\0\0\x04"                                                                                                       \
        "\x01\0\0\0\0"                                                                                                             \
        "\x02outer\0\x10\0\0\0\x20\0\0\0"                                                                                          \
        "\x03inner\0\x14\0\0\0\x18\0\0\0\x01\x05"                                                                                  \
        "\0\0"

/* --- Asking a table --------------------------------------------------------------------------- */

struct read {
        struct texts texts;
        struct dwarf_table table;
};

static void begin(struct read *read, const struct dwarf_sections *sections)
{
        texts_init(&read->texts);
        assert_int_equal(dwarf_read(sections, &read->texts, &read->table), 0);
}

static void end(struct read *read)
{
        dwarf_table_finish(&read->table);
        texts_finish(&read->texts);
}

static const struct dwarf_place *place_at(const struct read *read, uint64_t address)
{
        const struct dwarf_range *ranges = read->table.ranges.at;
        uint32_t place = 0;
        for (uint32_t i = 0; i < read->table.ranges.n && ranges[i].address <= address; i++)
                place = ranges[i].place;
        return place ? (const struct dwarf_place *)read->table.places.at + place - 1 : NULL;
}

static void is_place(const struct read *read, const struct dwarf_place *place, const char *name, uint32_t line)
{
        assert_non_null(place);
        assert_string_equal(texts_at(&read->texts, place->name), name);
        assert_string_equal(texts_at(&read->texts, place->file), "src/a.c");
        assert_int_equal(place->line, line);
}

static double seconds(void)
{
        struct timespec now;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- Tests ------------------------------------------------------------------------------------ */

TEST(lines_and_calls)
{
        struct writer line = unit_of(BYTES(LINES_HEADER LINES_PROGRAM)), info = unit_of(BYTES(ENTRIES));
        const struct dwarf_sections sections = { .line = SPAN(line), .info = SPAN(info), .abbrev = BYTES(ABBREVIATIONS) };
        struct read read;
        begin(&read, &sections);
        assert_null(place_at(&read, 0xf));
        assert_null(place_at(&read, 0x20));
        is_place(&read, place_at(&read, 0x10), "outer", 5);
        is_place(&read, place_at(&read, 0x18), "outer", 7);
        const struct dwarf_place *inner = place_at(&read, 0x15);
        is_place(&read, inner, "inner", 7);
        assert_int_not_equal(inner->up, 0);
        is_place(&read, (const struct dwarf_place *)read.table.places.at + inner->up - 1, "outer", 5);
        end(&read);
        writer_finish(&line);
        writer_finish(&info);
}

/* Code at 0 is what the linker left out. */
TEST(what_is_left_out)
{
        struct writer line = unit_of(BYTES(LINES_HEADER "\0\x05\x02\0\0\0\0\x03\x04\x01\x02\x0c\0\x01\x01"));
        const struct dwarf_sections sections = { .line = SPAN(line) };
        struct read read;
        begin(&read, &sections);
        assert_int_equal(read.table.ranges.n, 0);
        end(&read);
        writer_finish(&line);
}

/* Each byte changed to each of some others, and every length. */
TEST(damaged)
{
        static const uint8_t changes[] = { 0, 1, 0x7f, 0x80, 0xff };
        struct writer line = unit_of(BYTES(LINES_HEADER LINES_PROGRAM)), info = unit_of(BYTES(ENTRIES));
        uint8_t abbrev[] = ABBREVIATIONS;
        struct dwarf_sections sections = { .line = SPAN(line), .info = SPAN(info), .abbrev = { abbrev, sizeof abbrev - 1 } };
        struct ward_span *parts[] = { &sections.line, &sections.info, &sections.abbrev };
        uint8_t *bytes[] = { line.at, info.at, abbrev };
        struct read read;
        for (int i = 0; i < 3; i++) {
                size_t len = parts[i]->len;
                for (size_t j = 0; j < len * sizeof changes; j++) {
                        uint8_t *byte = &bytes[i][j / sizeof changes], before = *byte;
                        *byte = changes[j % sizeof changes];
                        begin(&read, &sections);
                        end(&read);
                        *byte = before;
                }
                for (; parts[i]->len; parts[i]->len--) {
                        begin(&read, &sections);
                        end(&read);
                }
                parts[i]->len = len;
        }
        writer_finish(&line);
        writer_finish(&info);
}

/* A million entries that have as good as endless attributes, all of no bytes. */
TEST(ends_among_attributes)
{
        struct writer abbrev = { 0 }, entries = { 0 };
        writer_bytes(&abbrev, "\x01\x11\x01", 3);
        for (int i = 0; i < 50000; i++)
                writer_bytes(&abbrev, "\x3f\x19", 2);
        writer_bytes(&abbrev, "\0\0\0", 3);
        writer_bytes(&entries, "\x04\0\0\0\0\0\x04", 7);
        for (int i = 0; i < 1000000; i++)
                writer_u8(&entries, 1);
        struct writer info = unit_of(SPAN(entries));
        const struct dwarf_sections sections = { .info = SPAN(info), .abbrev = SPAN(abbrev) };
        struct read read;
        double before = seconds();
        begin(&read, &sections);
        assert_true(seconds() - before < 30);
        end(&read);
        writer_finish(&abbrev);
        writer_finish(&entries);
        writer_finish(&info);
}

/* Functions that all share one long list of ranges, each of which covers all code. */
TEST(ends_among_ranges)
{
        struct writer ranges = { 0 }, entries = { 0 };
        for (int i = 0; i < 100000; i++) {
                word(&ranges, (uint32_t)i + 1);
                word(&ranges, 1000000);
        }
        word(&ranges, 0);
        word(&ranges, 0);
        writer_bytes(&entries, "\x04\0\0\0\0\0\x04\x01", 8);
        for (int i = 0; i < 10000; i++)
                writer_bytes(&entries, "\x02\0\0\0\0", 5);
        writer_u8(&entries, 0);
        struct writer info = unit_of(SPAN(entries));
        const struct dwarf_sections sections = {
                .info = SPAN(info),
                .abbrev = BYTES("\x01\x11\x01\0\0\x02\x2e\0\x55\x17\0\0\0"),
                .ranges = SPAN(ranges),
        };
        struct read read;
        double before = seconds();
        begin(&read, &sections);
        assert_true(seconds() - before < 30);
        end(&read);
        writer_finish(&ranges);
        writer_finish(&entries);
        writer_finish(&info);
}

TEST(texts_are_kept_once)
{
        struct texts texts;
        char text[2 * TEXT_MAX];
        texts_init(&texts);
        assert_int_equal(texts_add(&texts, BYTES("")), 0);
        uint32_t first = texts_add(&texts, BYTES("one")), second = texts_add(&texts, BYTES("two"));
        assert_int_equal(texts_add(&texts, BYTES("one")), first);
        assert_int_equal(texts_add(&texts, BYTES("two\0three")), second);
        assert_string_equal(texts_at(&texts, second), "two");
        for (int i = 0; i < 100000; i++) {
                int len = snprintf(text, sizeof text, "name %d", i);
                uint32_t at = texts_add(&texts, (struct ward_span){ (const uint8_t *)text, (size_t)len });
                assert_string_equal(texts_at(&texts, at), text);
        }
        memset(text, 'x', sizeof text);
        uint32_t cut = texts_add(&texts, (struct ward_span){ (const uint8_t *)text, sizeof text });
        assert_int_equal(strlen(texts_at(&texts, cut)), TEXT_MAX);
        assert_int_equal(texts_add(&texts, BYTES("one")), first);
        assert_string_equal(texts_at(&texts, UINT32_MAX), "");
        texts_finish(&texts);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(lines_and_calls), TEST_CASE(what_is_left_out), TEST_CASE(damaged),
                         TEST_CASE_LONG(ends_among_attributes, 60), TEST_CASE_LONG(ends_among_ranges, 60),
                         TEST_CASE(texts_are_kept_once));
}
