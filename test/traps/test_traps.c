/* Traps through the public API: the fault says which one, where in the module, and by which calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/support.h"
#include "traps_host.h"
#include "ways.h"

/* --- A stage ---------------------------------------------------------------------------------- */

static struct ward_host *host;

/* What a fresh add-in @name says to @way: the fault's kind, or 0. */
static int act(const char *name, enum way way, int32_t a, int32_t b, struct ward_fault *ret_fault)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        struct traps *traps = NULL;
        struct ward_fault fault;
        int32_t ret = 0;
        if (!host)
                host = host_start();
        options.deadline_ms = way == LOOP ? 100 : 0;
        assert_good(traps_activate(host, addin_file(name, WARD_WASM), &options, NULL, &traps, &fault), &fault);
        int r = traps_act(traps, way, a, b, &ret, ret_fault);
        traps_release(traps);
        return r;
}

static void strike(void)
{
        host = ward_host_free(host);
}

/* The add-in traps so, and says so. */
static struct ward_fault traps(const char *name, enum way way, int32_t a, int32_t b, enum ward_trap trap)
{
        struct ward_fault fault = { 0 };
        int r = act(name, way, a, b, &fault);
        if (r != -WARD_FAULT_TRAP || fault.trap != trap)
                fail_msg("way %d of %s: %d: %s\n%s", way, name, r, fault.text, fault.backtrace);
        assert_int_equal(fault.kind, WARD_FAULT_TRAP);
        assert_says(&fault, ward_trap_name(trap));
        return fault;
}

/* --- What the backtrace says ------------------------------------------------------------------ */

/* The line of the source that ends with the comment @mark. */
static unsigned line_of(const char *mark)
{
        char line[256], comment[64];
        unsigned n = 0, found = 0;
        FILE *file = fopen(getenv("WARD_TEST_SOURCE"), "re");
        assert_non_null(file);
        snprintf(comment, sizeof comment, "/* @%s */", mark);
        while (!found && fgets(line, sizeof line, file)) {
                n++;
                found = strstr(line, comment) ? n : 0;
        }
        fclose(file);
        if (!found)
                fail_msg("no line is marked %s", mark);
        return found;
}

/* Line @i of the backtrace. */
static void frame(const struct ward_fault *fault, unsigned i, char *ret, size_t size)
{
        const char *at = fault->backtrace;
        for (unsigned j = 0; j < i; j++) {
                at = strchr(at, '\n');
                if (!at++)
                        fail_msg("there is no frame %u:\n%s", i, fault->backtrace);
        }
        snprintf(ret, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* Frame @i is function @name, at the line that is marked @mark; NULL: it has no line. */
static void frame_is(const struct ward_fault *fault, unsigned i, const char *name, const char *mark)
{
        char have[512], want[512];
        frame(fault, i, have, sizeof have);
        if (mark)
                snprintf(want, sizeof want, "#%u %s (", i, name);
        else
                snprintf(want, sizeof want, "#%u %s +0x", i, name);
        if (strncmp(have, want, strlen(want)))
                fail_msg("frame %u is not %s:\n%s", i, name, fault->backtrace);
        if (!mark)
                return;
        snprintf(want, sizeof want, "addin.c:%u) +0x", line_of(mark));
        if (!strstr(have, want))
                fail_msg("frame %u is not at @%s, line %u:\n%s", i, mark, line_of(mark), fault->backtrace);
}

/* The trap, in @function at the line marked so, as the text and the first frame say. */
static struct ward_fault traps_at(const char *name, enum way way, int32_t a, int32_t b, enum ward_trap trap, const char *function,
                                  const char *mark)
{
        struct ward_fault fault = traps(name, way, a, b, trap);
        char in[300], offset[32];
        frame_is(&fault, 0, function, mark);
        snprintf(in, sizeof in, ", in %s (", function);
        assert_says(&fault, in);
        snprintf(offset, sizeof offset, "+0x%llx", (unsigned long long)fault.offset);
        assert_non_null(strstr(fault.backtrace, offset));
        return fault;
}

/* --- Tests ------------------------------------------------------------------------------------ */

enum { FAR = 0x7fffff00, MINIMUM = INT32_MIN };

TEST(says_what_and_where)
{
        for (int i = 0; i < 2; i++) {
                const char *name = i ? "fast" : "lines";
                struct ward_fault fault = traps_at(name, LOAD, FAR, 0, WARD_TRAP_MEMORY, "load", "load");
                assert_int_equal(fault.address, FAR);
                fault = traps_at(name, LOAD, -4, 0, WARD_TRAP_MEMORY, "load", "load");
                assert_int_equal(fault.address, 0xfffffffc);
                fault = traps_at(name, STORE, FAR, 0, WARD_TRAP_MEMORY, "store", "store");
                assert_int_equal(fault.address, FAR);
                fault = traps_at(name, LOAD, 0, 0, WARD_TRAP_MEMORY, "load", "load"); /* the null pointer */
                assert_int_equal(fault.address, 0);
                fault = traps_at(name, STORE, 12, 0, WARD_TRAP_MEMORY, "store", "store");
                assert_int_equal(fault.address, 12);
                traps_at(name, FLOAT_LOAD, FAR, 0, WARD_TRAP_MEMORY, "load_float", "float");
                fault = traps_at(name, FILL, FAR, 1000, WARD_TRAP_MEMORY, "fill", "fill");
                assert_int_equal(fault.address, 0);
                traps_at(name, COPY, FAR, 1000, WARD_TRAP_MEMORY, "copy", "copy");
                traps_at(name, GIVE_UP, 0, 0, WARD_TRAP_UNREACHABLE, "give_up", "unreachable");
                traps_at(name, DIVIDE, 1, 0, WARD_TRAP_DIVIDE_BY_ZERO, "divide", "divide");
                traps_at(name, DIVIDE, MINIMUM, -1, WARD_TRAP_OVERFLOW, "divide", "divide");
                traps_at(name, REMAINDER, 1, 0, WARD_TRAP_DIVIDE_BY_ZERO, "remainder_of", "remainder");
                traps_at(name, DIVIDE_LONG, 1, 0, WARD_TRAP_DIVIDE_BY_ZERO, "divide_long", "divide-long");
                traps_at(name, DIVIDE_LONG, MINIMUM, -1, WARD_TRAP_OVERFLOW, "divide_long", "divide-long");
                traps_at(name, CALL_ENTRY, 0, 0, WARD_TRAP_CALL_NULL, "call_entry", "entry");
                traps_at(name, CALL_ENTRY, 9999, 0, WARD_TRAP_CALL_UNDEFINED, "call_entry", "entry");
                traps_at(name, CALL_ANOTHER, 0, 0, WARD_TRAP_CALL_TYPE, "call_entry", "entry");
        }
        strike();
}

TEST(names_the_calls)
{
        struct ward_fault fault = traps_at("lines", DEEP, 1, 0, WARD_TRAP_DIVIDE_BY_ZERO, "third", "third");
        frame_is(&fault, 1, "second", "second");
        frame_is(&fault, 2, "first", "first");
        frame_is(&fault, 3, "exports_traps_act", "act");
        assert_string_equal(fault.function, "act");
        strike();
}

TEST(names_what_was_compiled_in_place)
{
        struct ward_fault fault = traps_at("fast", INLINE, FAR, 0, WARD_TRAP_MEMORY, "inner", "inner");
        frame_is(&fault, 1, "middle", "middle");
        frame_is(&fault, 2, "outer", "outer");
        strike();
}

TEST(names_abort)
{
        struct ward_fault fault = traps("lines", ABORT, 0, 0, WARD_TRAP_UNREACHABLE);
        assert_non_null(strstr(fault.backtrace, "#0 abort"));
        fault = traps("lines", ASSERT, 0, 0, WARD_TRAP_UNREACHABLE);
        assert_non_null(strstr(fault.backtrace, " fail (")); /* behind what the C library does before it gives up */
        strike();
}

TEST(says_that_the_stack_ended)
{
        struct ward_fault fault = traps("lines", RECURSE, INT32_MAX, 0, WARD_TRAP_STACK);
        frame_is(&fault, 1, "recurse", "recurse");
        frame_is(&fault, 8, "recurse", "recurse");
        strike();
}

TEST(says_where_the_time_went)
{
        struct ward_fault fault = { 0 };
        assert_int_equal(act("lines", LOOP, 0, 0, &fault), -WARD_FAULT_DEADLINE);
        frame_is(&fault, 0, "loop", "loop");
        assert_int_equal(fault.trap, WARD_TRAP_NONE);
        strike();
}

TEST(says_names_without_lines)
{
        struct ward_fault fault = traps("named", DEEP, 1, 0, WARD_TRAP_DIVIDE_BY_ZERO);
        frame_is(&fault, 0, "third", NULL);
        frame_is(&fault, 1, "second", NULL);
        frame_is(&fault, 2, "first", NULL);
        assert_says(&fault, ", in third");
        strike();
}

TEST(says_numbers_without_names)
{
        struct ward_fault fault = traps("stripped", DEEP, 1, 0, WARD_TRAP_DIVIDE_BY_ZERO);
        char line[256];
        unsigned function, offset;
        for (unsigned i = 0; i < 3; i++) {
                frame(&fault, i, line, sizeof line);
                if (sscanf(line, "#%*u function %u +0x%x", &function, &offset) != 2)
                        fail_msg("frame %u has no number:\n%s", i, fault.backtrace);
        }
        assert_says(&fault, ", in function ");
        assert_int_not_equal(fault.offset, 0);
        strike();
}

TEST(traps_of_tables_and_conversions)
{
        static const struct {
                enum way way;
                int32_t a, b;
                enum ward_trap trap;
                const char *function;
        } corners[] = {
                { CONVERT, 0, 0, WARD_TRAP_CONVERSION, "convert" }, { CONVERT, 1, 0, WARD_TRAP_OVERFLOW, "convert" },
                { TABLE_GET, 4, 0, WARD_TRAP_TABLE, "get" },        { TABLE_SET, -1, 0, WARD_TRAP_TABLE, "set" },
                { TABLE_FILL, 3, 0, WARD_TRAP_TABLE, "fill" },      { TABLE_COPY, 3, 0, WARD_TRAP_TABLE, "copy" },
                { TABLE_INIT, 3, 0, WARD_TRAP_TABLE, "init" },      { MEMORY_INIT, 0xfffd, 0, WARD_TRAP_MEMORY, "memory_init" },
        };
        for (size_t i = 0; i < sizeof corners / sizeof corners[0]; i++) {
                struct ward_fault fault = traps("corners", corners[i].way, corners[i].a, corners[i].b, corners[i].trap);
                frame_is(&fault, 0, corners[i].function, NULL);
                frame_is(&fault, 1, "act", NULL);
        }
        strike();
}

/* Names and files as the add-in's author may make them. */
static void is_printable(const char *text)
{
        for (const unsigned char *at = (const unsigned char *)text; *at; at++)
                if ((*at < 0x20 && *at != '\n') || *at == 0x7f || *at >= 0x80)
                        fail_msg("a byte 0x%02x is in:\n%s", *at, text);
}

TEST(hostile_names_are_shown_as_they_are)
{
        for (int32_t way = LOAD; way <= DEEP; way++) {
                struct ward_fault fault = { 0 };
                if (way == RECURSE || !act("hostile", (enum way)way, FAR, 0, &fault))
                        continue;
                is_printable(fault.text);
                is_printable(fault.backtrace);
                assert_null(strchr(fault.text, '\n'));
                assert_int_equal(strncmp(fault.backtrace, "#0 ", 3), 0);
        }
        struct ward_fault fault = traps("hostile", DEEP, 1, 0, WARD_TRAP_DIVIDE_BY_ZERO);
        assert_non_null(strstr(fault.backtrace, "ad\\x1b[1m.:"));
        strike();
}

TEST(damaged_lines_cost_lines_only)
{
        for (int i = 0; i < 2; i++) {
                struct ward_fault fault = traps(i ? "bomb" : "cut", DEEP, 1, 0, WARD_TRAP_DIVIDE_BY_ZERO);
                char line[512];
                static const char *const names[] = { "third", "second", "first" };
                for (unsigned j = 0; j < 3; j++) {
                        frame(&fault, j, line, sizeof line);
                        assert_non_null(strstr(line, names[j]));
                }
        }
        strike();
}

TEST(a_call_that_ends_well_says_nothing)
{
        struct ward_fault fault = { 0 };
        assert_int_equal(act("lines", WELL, 0, 0, &fault), 0);
        assert_int_equal(act("corners", TABLE_COPY, 2, 0, &fault), 0);
        strike();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(says_what_and_where), TEST_CASE(names_the_calls),
                         TEST_CASE(names_what_was_compiled_in_place), TEST_CASE(names_abort), TEST_CASE(says_that_the_stack_ended),
                         TEST_CASE(says_where_the_time_went), TEST_CASE(says_names_without_lines),
                         TEST_CASE(says_numbers_without_names), TEST_CASE(traps_of_tables_and_conversions),
                         TEST_CASE(hostile_names_are_shown_as_they_are), TEST_CASE(damaged_lines_cost_lines_only),
                         TEST_CASE(a_call_that_ends_well_says_nothing));
}
