/* What the files that read debugging information share. A cursor is sticky: after the first read behind the end everything reads as
 * zero, loops end on @bad. */
#ifndef WASM_DWARF_PARTS_H
#define WASM_DWARF_PARTS_H

#include "wasm/dwarf.h"

enum {
        DWARF_STEPS_MAX = 100 << 20, /* about a second */
        DWARF_ROWS_MAX = 4 << 20,
        DWARF_SCOPES_MAX = 1 << 20,
        DWARF_UNITS_MAX = 100000,
        DWARF_FILES_MAX = 1 << 20,
};

/* A row of a line table: code from @address on is of this line. */
struct dwarf_row {
        uint64_t address;
        uint32_t file, line;
        uint32_t number; /* of the row, as it was read */
        bool is_end;     /* no code: @address is where the sequence ends */
};

/* The files of one line table, which a unit of .debug_info finds by the table's offset. */
struct dwarf_files {
        uint32_t offset;
        uint32_t first, n; /* in @files */
        uint32_t base;     /* the number of the first: 1, or 0 from version 5 on */
};

/* A function, or a place where one is compiled in. */
struct dwarf_scope {
        uint32_t up; /* the scope around it: its index and 1 */
        uint32_t name;
        uint32_t call_file, call_line;
        uint32_t place; /* where it is called, once that is made */
        bool inlined;
};

struct dwarf_extent {
        uint64_t low, high;
        uint32_t scope;
};

struct dwarf {
        const struct dwarf_sections *in;
        struct texts *texts;
        uint64_t steps; /* left */
        struct growing rows, tables, files, scopes, extents;
};

/* Whether there is a step left, which is taken. */
static inline bool dwarf_step(struct dwarf *dwarf)
{
        if (!dwarf->steps)
                return false;
        dwarf->steps--;
        return true;
}

/* Keeps a text, which takes as many steps as reading it. */
static inline uint32_t dwarf_add_text(struct dwarf *dwarf, struct ward_span text)
{
        enum { STEPS = 32 };
        if (dwarf->steps < STEPS)
                return 0;
        dwarf->steps -= STEPS;
        return texts_add(dwarf->texts, text);
}

void dwarf_read_lines(struct dwarf *dwarf);
void dwarf_read_scopes(struct dwarf *dwarf);
int dwarf_join(struct dwarf *dwarf, struct dwarf_table *ret_table);

/* --- Cursor ----------------------------------------------------------------------------------- */

struct cursor {
        const uint8_t *at, *end;
        bool bad;
};

static inline struct cursor cursor_of(struct ward_span span)
{
        static const uint8_t nothing[1]; /* C adds not even 0 to NULL */
        const uint8_t *at = span.at ? span.at : nothing;
        return (struct cursor){ at, at + span.len, false };
}

/* From @offset of @span on; bad where that is behind its end. */
static inline struct cursor cursor_at(struct ward_span span, uint64_t offset)
{
        struct cursor cursor = cursor_of(span);
        cursor.bad = offset > span.len;
        cursor.at += cursor.bad ? span.len : offset;
        return cursor;
}

static inline size_t cursor_left(const struct cursor *cursor)
{
        return cursor->bad ? 0 : (size_t)(cursor->end - cursor->at);
}

static inline struct ward_span cursor_bytes(struct cursor *cursor, uint64_t n)
{
        struct ward_span bytes = { cursor->at, (size_t)n };
        if (n > cursor_left(cursor)) {
                cursor->bad = true;
                return (struct ward_span){ 0 };
        }
        cursor->at += n;
        return bytes;
}

/* Of one to eight bytes, little-endian. */
static inline uint64_t cursor_number(struct cursor *cursor, unsigned bytes)
{
        struct ward_span span = cursor_bytes(cursor, bytes);
        uint64_t value = 0;
        for (size_t i = span.len; i > 0; i--)
                value = value << 8 | span.at[i - 1];
        return value;
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
        return (uint8_t)cursor_number(cursor, 1);
}

/* LEB128 of any length; bits above 64 are dropped. */
static inline uint64_t cursor_uleb(struct cursor *cursor)
{
        uint64_t value = 0;
        uint8_t byte;
        unsigned shift = 0;
        do {
                byte = cursor_u8(cursor);
                if (shift < 64)
                        value |= (uint64_t)(byte & 0x7f) << shift;
                shift = shift < 64 ? shift + 7 : shift;
        } while (byte & 0x80);
        return value;
}

static inline int64_t cursor_sleb(struct cursor *cursor)
{
        uint64_t value = 0;
        uint8_t byte;
        unsigned shift = 0;
        do {
                byte = cursor_u8(cursor);
                if (shift < 64)
                        value |= (uint64_t)(byte & 0x7f) << shift;
                shift = shift < 64 ? shift + 7 : shift;
        } while (byte & 0x80);
        if (shift < 64 && byte & 0x40)
                value |= UINT64_MAX << shift;
        return (int64_t)value;
}

/* Up to the NUL, which is skipped. */
static inline struct ward_span cursor_text(struct cursor *cursor)
{
        size_t left = cursor_left(cursor);
        const uint8_t *nul = left ? memchr(cursor->at, 0, left) : NULL;
        if (!nul) {
                cursor->bad = true;
                return (struct ward_span){ 0 };
        }
        struct ward_span text = { cursor->at, (size_t)(nul - cursor->at) };
        cursor->at = nul + 1;
        return text;
}

/* The text at @offset of a section of texts; empty where there is none. */
static inline struct ward_span dwarf_text(struct ward_span section, uint64_t offset)
{
        struct cursor cursor = cursor_at(section, offset);
        return cursor_text(&cursor);
}

/* A unit's length, and a cursor over what it holds, which @from has then passed. The 64-bit format, which no compiler for
 * WebAssembly writes, ends the section. */
static inline struct cursor cursor_unit(struct cursor *from)
{
        enum { LENGTH_RESERVED = 0xfffffff0 };
        uint64_t len = cursor_number(from, 4);
        if (len >= LENGTH_RESERVED)
                from->bad = true;
        return cursor_of(cursor_bytes(from, len));
}

#endif
