#include "wasm/recast_body.h"

#include "base/own.h"

enum {
        OP_UNREACHABLE = 0x00,
        OP_CALL = 0x10,
        OP_CALL_INDIRECT = 0x11,
        OP_TABLE_GET = 0x25,
        OP_TABLE_SET = 0x26,
        OP_MEMORY_GROW = 0x40,
        OP_PREFIX = 0xfc00,

        /* Each variable takes eight bytes of text at least where it is declared, and 24 of the frame at most: a short function that
         * calls nothing has a frame of a few KiB, which there is always room for (thread.c). */
        LEAF_TEXT = 2 << 10,
};

/* A statement that can trap or call, by the word before its first parenthesis: one line for each instruction. */
static const struct statement {
        const char *word;
        uint16_t codes[2]; /* its instruction, or either of two; 0: no second one */
        bool calls;        /* what needs stack */
        bool moves;        /* the linear memory, perhaps */
} statements[] = {
        { "i32_load", { 0x28 } },
        { "i64_load", { 0x29 } },
        { "f32_load", { 0x2a } },
        { "f64_load", { 0x2b } },
        { "i32_load8_s", { 0x2c } },
        { "i32_load8_u", { 0x2d } },
        { "i32_load16_s", { 0x2e } },
        { "i32_load16_u", { 0x2f } },
        { "i64_load8_s", { 0x30 } },
        { "i64_load8_u", { 0x31 } },
        { "i64_load16_s", { 0x32 } },
        { "i64_load16_u", { 0x33 } },
        { "i64_load32_s", { 0x34 } },
        { "i64_load32_u", { 0x35 } },
        { "i32_store", { 0x36 } },
        { "i64_store", { 0x37 } },
        { "f32_store", { 0x38 } },
        { "f64_store", { 0x39 } },
        { "i32_store8", { 0x3a } },
        { "i32_store16", { 0x3b } },
        { "i64_store8", { 0x3c } },
        { "i64_store16", { 0x3d } },
        { "i64_store32", { 0x3e } },
        { "I32_DIV_S", { 0x6d } },
        { "DIV_U", { 0x6e, 0x80 } },
        { "I32_REM_S", { 0x6f } },
        { "REM_U", { 0x70, 0x82 } },
        { "I64_DIV_S", { 0x7f } },
        { "I64_REM_S", { 0x81 } },
        { "I32_TRUNC_S_F32", { 0xa8 } },
        { "I32_TRUNC_U_F32", { 0xa9 } },
        { "I32_TRUNC_S_F64", { 0xaa } },
        { "I32_TRUNC_U_F64", { 0xab } },
        { "I64_TRUNC_S_F32", { 0xae } },
        { "I64_TRUNC_U_F32", { 0xaf } },
        { "I64_TRUNC_S_F64", { 0xb0 } },
        { "I64_TRUNC_U_F64", { 0xb1 } },
        { "CALL_INDIRECT", { OP_CALL_INDIRECT }, true, true },
        { "memory_init", { OP_PREFIX + 8 }, true },
        { "memory_copy", { OP_PREFIX + 10 }, true },
        { "memory_fill", { OP_PREFIX + 11 }, true },
        { "wasm_rt_grow_memory", { OP_MEMORY_GROW }, true, true },
        { "funcref_table_get", { OP_TABLE_GET } },
        { "externref_table_get", { OP_TABLE_GET } },
        { "funcref_table_set", { OP_TABLE_SET } },
        { "externref_table_set", { OP_TABLE_SET } },
        { "funcref_table_init", { OP_PREFIX + 12 }, true },
        { "externref_table_init", { OP_PREFIX + 12 }, true },
        { "funcref_table_copy", { OP_PREFIX + 14 }, true },
        { "externref_table_copy", { OP_PREFIX + 14 }, true },
        { "wasm_rt_grow_funcref_table", { OP_PREFIX + 15 }, true },
        { "wasm_rt_grow_externref_table", { OP_PREFIX + 15 }, true },
        { "funcref_table_fill", { OP_PREFIX + 17 }, true },
        { "externref_table_fill", { OP_PREFIX + 17 }, true },
};

static const struct statement call = { "", { OP_CALL }, true, true };
static const struct statement unreachable = { "", { OP_UNREACHABLE } };

bool recast_line(struct ward_span *text, struct ward_span *ret_line)
{
        const uint8_t *end = text->len ? memchr(text->at, '\n', text->len) : NULL;
        if (!end)
                return false;
        *ret_line = (struct ward_span){ text->at, (size_t)(end - text->at) };
        *text = (struct ward_span){ end + 1, text->len - ret_line->len - 1 };
        return true;
}

void recast_write(FILE *out, struct ward_span line)
{
        fwrite(line.at, 1, line.len, out);
        putc('\n', out);
}

static bool is_word(uint8_t c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* An imported function is called as (*name)(…), others by name. */
static const struct statement *find_statement(struct ward_span line)
{
        const uint8_t *open = memchr(line.at, '(', line.len), *at = open;
        if (!open)
                return recast_ends(line, " UNREACHABLE;") ? &unreachable : NULL;
        while (at > line.at && is_word(at[-1]))
                at--;
        struct ward_span word = { at, (size_t)(open - at) }, rest = { open, line.len - (size_t)(open - line.at) };
        if (recast_starts(word, "w2c_") || recast_starts(rest, "(*Z_"))
                return &call;
        for (size_t i = 0; word.len && i < COUNT_OF(statements); i++)
                if (span_is(word, statements[i].word))
                        return &statements[i];
        return NULL;
}

static bool is_loop(struct ward_span line)
{
        return recast_ends(line, ": ");
}

static bool is_switch(struct ward_span line)
{
        while (line.len && *line.at == ' ')
                line = (struct ward_span){ line.at + 1, line.len - 1 };
        return recast_starts(line, "switch (");
}

/* A floating-point constant that compilers take for neutral: x * 1 is x for them, also where x is a signalling NaN, of which an
 * instruction makes a quiet one. */
static bool is_neutral(struct ward_span line)
{
        return recast_ends(line, " = 1;") || recast_ends(line, " = -1;") || recast_ends(line, " = 0;") ||
               recast_ends(line, " = -0.f;") || recast_ends(line, " = -0.0;");
}

static bool is_leaf(struct ward_span function)
{
        struct ward_span line;
        bool calls = function.len > LEAF_TEXT;
        recast_line(&function, &line);
        while (!calls && recast_line(&function, &line)) {
                const struct statement *statement = find_statement(line);
                calls = statement && statement->calls;
        }
        return !calls;
}

static bool is_of(const struct statement *statement, uint32_t code)
{
        return code == statement->codes[0] || (code && code == statement->codes[1]);
}

bool wasm_mark_matters(uint32_t code)
{
        bool matters = is_of(&call, code) || is_of(&unreachable, code);
        for (size_t i = 0; !matters && i < COUNT_OF(statements); i++)
                matters = is_of(&statements[i], code);
        return matters;
}

/* Whether the statements are those that the marks tell of, one by one. */
static bool agrees(struct ward_span function, const struct wasm_marks *marks)
{
        struct ward_span line;
        uint32_t n = 0;
        recast_line(&function, &line);
        while (recast_line(&function, &line)) {
                const struct statement *statement = find_statement(line);
                if (!statement)
                        continue;
                if (n == marks->n || !is_of(statement, marks->at[n++].code))
                        return false;
        }
        return n == marks->n;
}

/* Before a branch by table: the compiler compares the index with the table's length, then jumps by it. */
static void write_index(FILE *out, struct ward_span line)
{
        const uint8_t *open = memchr(line.at, '(', line.len), *end = line.at + line.len;
        const uint8_t *close = open ? memchr(open, ')', (size_t)(end - open)) : NULL;
        if (close)
                fprintf(out, "  ONCE%.*s;\n", (int)(close + 1 - open), (const char *)open);
}

static void write_statement(FILE *out, struct ward_span line, const struct wasm_mark **mark)
{
        const struct statement *statement = find_statement(line);
        if (statement && *mark)
                fprintf(out, "#line %u\n", (*mark)++->offset);
        if (is_switch(line))
                write_index(out, line);
        fwrite(line.at, 1, line.len, out);
        if (statement && statement->moves)
                fputs(" MEMORY_MOVED;", out);
        if (is_loop(line))
                fputs("LOOP;", out);
        if (is_neutral(line))
                fprintf(out, " HIDE(%.*s);", (int)((const uint8_t *)memchr(line.at, '=', line.len) - line.at),
                        (const char *)line.at);
        putc('\n', out);
}

void recast_body(FILE *out, struct ward_span function, const struct wasm_marks *marks)
{
        const char *prologue = is_leaf(function) ? "  FUNC_PROLOGUE_LEAF;" : "  FUNC_PROLOGUE;";
        bool marked = marks && agrees(function, marks);
        const struct wasm_mark *mark = marked ? marks->at : NULL;
        struct ward_span line;
        bool begun = false;
        if (marked)
                fprintf(out, "\n#line %u\n", marks->offset);
        while (recast_line(&function, &line)) {
                if (span_is(line, "  FUNC_PROLOGUE;")) {
                        begun = true;
                        if (marked)
                                fprintf(out, "#line %u\n", marks->offset);
                        fprintf(out, "%s\n", prologue);
                } else if (begun) {
                        write_statement(out, line, &mark);
                } else {
                        recast_write(out, line);
                }
        }
        if (marked)
                fputs("#line 1\n", out); /* what follows is none of the module's */
}
