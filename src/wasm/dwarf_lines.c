/* Line tables (.debug_line; DWARF 5, section 6.2): programs that write rows. */
#include "wasm/dwarf_forms.h"

#include "base/own.h"

enum {
        OP_EXTENDED,
        OP_COPY,
        OP_ADVANCE_PC,
        OP_ADVANCE_LINE,
        OP_SET_FILE,
        OP_CONST_ADD_PC = 8,
        OP_FIXED_ADVANCE_PC,
        EXTENDED_END_SEQUENCE = 1,
        EXTENDED_SET_ADDRESS,
        CONTENT_PATH = 1,
        CONTENT_FOLDER,
        ENTRY_FORMATS_MAX = 16,
        ADDRESS_MAX = 8,
};

struct line_table {
        struct dwarf *dwarf;
        struct cursor program;
        struct dwarf_files files;
        struct dwarf_width width;
        uint8_t instruction, operations, line_range, opcode_base;
        int8_t line_base;
        const uint8_t *operands; /* how many each standard opcode has, from 1 on */
        uint32_t folders;        /* the first of them, in dwarf->files while the table is read */
        uint32_t n_folders;
        /* The state machine. */
        uint64_t address;
        uint32_t file, line;
        uint32_t sequence; /* its first row */
};

/* --- Files ------------------------------------------------------------------------------------ */

/* "folder/name" where the folder is a relative one: of an absolute one nobody needs to know, and reports are short. */
static uint32_t join(struct dwarf *dwarf, uint32_t folder, struct ward_span name)
{
        char path[TEXT_MAX];
        const char *in = texts_at(dwarf->texts, folder);
        size_t len = strlen(in);
        if (!len || *in == '/' || !name.len || *name.at == '/' || len + 1 + name.len > sizeof path)
                return dwarf_add_text(dwarf, name);
        memcpy(path, in, len);
        path[len] = '/';
        memcpy(path + len + 1, name.at, name.len);
        return dwarf_add_text(dwarf, (struct ward_span){ (const uint8_t *)path, len + 1 + name.len });
}

static void add_file(struct line_table *table, struct ward_span name, uint64_t folder)
{
        const uint32_t *files = table->dwarf->files.at;
        uint32_t in = 0;
        uint64_t index = folder - table->files.base;
        if (folder && index < table->n_folders) /* 0 is where the compiler ran */
                in = files[table->folders + index];
        uint32_t text = join(table->dwarf, in, name);
        uint32_t *file = growing_add(&table->dwarf->files, 1);
        if (file)
                *file = text;
}

static void add_folder(struct line_table *table, struct ward_span name)
{
        uint32_t *folder = growing_add(&table->dwarf->files, 1);
        if (!folder)
                return;
        *folder = dwarf_add_text(table->dwarf, name);
        table->n_folders++;
}

/* Up to version 4: texts, ended by an empty one. */
static void read_old_files(struct line_table *table, struct cursor *cursor)
{
        table->files.base = 1;
        for (struct ward_span name; (name = cursor_text(cursor)).len && dwarf_step(table->dwarf);)
                add_folder(table, name);
        table->files.first = table->dwarf->files.n;
        for (struct ward_span name; (name = cursor_text(cursor)).len && dwarf_step(table->dwarf);) {
                uint64_t folder = cursor_uleb(cursor);
                cursor_uleb(cursor); /* when it was changed */
                cursor_uleb(cursor); /* how long it is */
                add_file(table, name, folder);
        }
}

struct entry_format {
        uint32_t n;
        uint64_t content[ENTRY_FORMATS_MAX], form[ENTRY_FORMATS_MAX];
};

static struct entry_format read_format(struct cursor *cursor)
{
        struct entry_format format = { .n = cursor_u8(cursor) };
        if (format.n > ENTRY_FORMATS_MAX)
                cursor->bad = true;
        for (uint32_t i = 0; i < format.n && !cursor->bad; i++) {
                format.content[i] = cursor_uleb(cursor);
                format.form[i] = cursor_uleb(cursor);
        }
        return format;
}

/* From version 5 on: entries of a format that is said before. */
static void read_entries(struct line_table *table, struct cursor *cursor, bool folders)
{
        struct entry_format format = read_format(cursor);
        uint64_t n = cursor_uleb(cursor);
        for (uint64_t i = 0; i < n && !cursor->bad && dwarf_step(table->dwarf); i++) {
                struct ward_span name = { 0 };
                uint64_t folder = 0;
                for (uint32_t j = 0; j < format.n; j++) {
                        struct dwarf_value value = dwarf_value(cursor, table->width, format.form[j], 0);
                        if (format.content[j] == CONTENT_PATH)
                                name = dwarf_value_text(table->dwarf, &value);
                        else if (format.content[j] == CONTENT_FOLDER)
                                folder = value.number;
                }
                if (folders)
                        add_folder(table, name);
                else
                        add_file(table, name, folder);
        }
}

static void read_files(struct line_table *table, struct cursor *cursor)
{
        table->folders = table->dwarf->files.n;
        if (table->width.version < 5) {
                read_old_files(table, cursor);
        } else {
                read_entries(table, cursor, true);
                table->files.first = table->dwarf->files.n;
                read_entries(table, cursor, false);
        }
        table->files.n = table->dwarf->files.n - table->files.first;
        struct dwarf_files *files = growing_add(&table->dwarf->tables, 1);
        if (files)
                *files = table->files;
}

/* --- The program ------------------------------------------------------------------------------ */

static uint32_t file_text(const struct line_table *table)
{
        const uint32_t *files = table->dwarf->files.at;
        uint32_t index = table->file - table->files.base;
        return index < table->files.n ? files[table->files.first + index] : 0;
}

static void add_row(struct line_table *table, bool is_end)
{
        struct growing *rows = &table->dwarf->rows;
        uint32_t file = is_end ? 0 : file_text(table), line = is_end ? 0 : table->line;
        const struct dwarf_row *last = rows->n > table->sequence ? (struct dwarf_row *)rows->at + rows->n - 1 : NULL;
        if (last && !is_end && last->file == file && last->line == line)
                return;
        struct dwarf_row *row = growing_add(rows, 1);
        if (row)
                *row = (struct dwarf_row){ table->address, file, line, rows->n, is_end };
}

/* A function that the linker left out is at 0 or far behind all others. */
static void end_sequence(struct line_table *table)
{
        struct growing *rows = &table->dwarf->rows;
        const struct dwarf_row *at = rows->at;
        while (rows->n > table->sequence && at[rows->n - 1].address >= table->address)
                rows->n--; /* of no code */
        if (rows->n > table->sequence && at[table->sequence].address)
                add_row(table, true);
        else
                rows->n = table->sequence;
}

static void begin_sequence(struct line_table *table)
{
        table->sequence = table->dwarf->rows.n;
        table->address = 0;
        table->file = table->line = 1;
}

static void run_extended(struct line_table *table)
{
        struct cursor operand = cursor_of(cursor_bytes(&table->program, cursor_uleb(&table->program)));
        uint8_t code = cursor_u8(&operand);
        size_t left = cursor_left(&operand);
        if (code == EXTENDED_END_SEQUENCE) {
                end_sequence(table);
                begin_sequence(table);
        } else if (code == EXTENDED_SET_ADDRESS && left <= ADDRESS_MAX) {
                table->address = cursor_number(&operand, (unsigned)left);
        }
}

static void advance(struct line_table *table, uint64_t operations)
{
        table->address += operations / table->operations * table->instruction;
}

static void run_special(struct line_table *table, unsigned code)
{
        unsigned adjusted = code - table->opcode_base;
        advance(table, adjusted / table->line_range);
        table->line += (uint32_t)(table->line_base + (int)(adjusted % table->line_range));
        add_row(table, false);
}

static void run_standard(struct line_table *table, uint8_t code)
{
        switch (code) {
        case OP_COPY:
                add_row(table, false);
                return;
        case OP_ADVANCE_PC:
                advance(table, cursor_uleb(&table->program));
                return;
        case OP_ADVANCE_LINE:
                table->line += (uint32_t)cursor_sleb(&table->program);
                return;
        case OP_SET_FILE:
                table->file = (uint32_t)cursor_uleb(&table->program);
                return;
        case OP_CONST_ADD_PC:
                advance(table, (255u - table->opcode_base) / table->line_range);
                return;
        case OP_FIXED_ADVANCE_PC:
                table->address += cursor_number(&table->program, 2);
                return;
        default: /* columns, statements, blocks, and what is not known */
                for (uint8_t i = 0; i < table->operands[code - 1]; i++)
                        cursor_uleb(&table->program);
        }
}

static void run(struct line_table *table)
{
        begin_sequence(table);
        while (cursor_left(&table->program) && dwarf_step(table->dwarf)) {
                uint8_t code = cursor_u8(&table->program);
                if (code >= table->opcode_base)
                        run_special(table, code);
                else if (code == OP_EXTENDED)
                        run_extended(table);
                else
                        run_standard(table, code);
        }
        if (table->dwarf->rows.n > table->sequence)
                table->dwarf->rows.n = table->sequence; /* it has no end */
}

/* --- Tables ----------------------------------------------------------------------------------- */

static bool read_header(struct line_table *table, struct cursor *unit)
{
        table->width.version = (uint16_t)cursor_number(unit, 2);
        table->width.address = 4;
        if (table->width.version < 2 || table->width.version > 5)
                return false;
        if (table->width.version >= 5) {
                table->width.address = cursor_u8(unit);
                cursor_u8(unit); /* a segment's bytes */
        }
        uint64_t len = cursor_number(unit, 4);
        struct cursor header = cursor_of(cursor_bytes(unit, len));
        table->instruction = cursor_u8(&header);
        table->operations = table->width.version >= 4 ? cursor_u8(&header) : 1;
        cursor_u8(&header); /* whether rows begin as statements */
        table->line_base = (int8_t)cursor_u8(&header);
        table->line_range = cursor_u8(&header);
        table->opcode_base = cursor_u8(&header);
        if (!table->operations || !table->line_range || !table->opcode_base || table->width.address > ADDRESS_MAX)
                return false;
        table->operands = cursor_bytes(&header, table->opcode_base - 1u).at;
        if (header.bad)
                return false;
        read_files(table, &header);
        table->program = *unit;
        return !unit->bad;
}

void dwarf_read_lines(struct dwarf *dwarf)
{
        struct cursor all = cursor_of(dwarf->in->line);
        while (cursor_left(&all) && dwarf_step(dwarf)) {
                struct line_table table = { .dwarf = dwarf, .files.offset = (uint32_t)(all.at - dwarf->in->line.at) };
                struct cursor unit = cursor_unit(&all);
                if (read_header(&table, &unit))
                        run(&table);
        }
}
