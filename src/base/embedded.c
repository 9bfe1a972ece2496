#include "base/embedded.h"

#include "base/fault.h"

enum { LINE_SHOWN_MAX = 80 };

/* What is being read, and where. The first complaint counts. */
struct reading {
        struct cursor left;
        const char *path;
        struct ward_fault *fault;
        size_t line; /* 1-based, of the one that was taken last */
        int error;
};

static void refuse(struct reading *reading, const char *expected, struct ward_span line)
{
        if (reading->error)
                return;
        int shown = (int)(line.len < LINE_SHOWN_MAX ? line.len : LINE_SHOWN_MAX);
        reading->error =
                fault_set(reading->fault, WARD_FAULT_CONTRACT,
                          "module '%s': line %zu of its contract is damaged: expected %s, found '%.*s'; generate its view again",
                          reading->path, reading->line, expected, shown, (const char *)line.at);
}

/* Up to the next newline; past the last one the cursor is bad and the line empty. */
static struct ward_span take_line(struct cursor *left)
{
        const uint8_t *end = left->bad || !left->left ? NULL : memchr(left->at, '\n', left->left);
        struct ward_span line = { left->at, end ? (size_t)(end - left->at) : 0 };
        cursor_take(left, end ? line.len + 1 : left->left + 1);
        return line;
}

static bool is_printable(struct ward_span line)
{
        for (size_t i = 0; i < line.len; i++)
                if (line.at[i] < 0x20 || line.at[i] == 0x7f)
                        return false;
        return true;
}

static struct ward_span next_line(struct reading *reading)
{
        struct ward_span line = take_line(&reading->left);
        reading->line++;
        if (reading->left.bad)
                refuse(reading, "a line more", (struct ward_span){ (const uint8_t *)"", 0 });
        else if (!is_printable(line))
                refuse(reading, "text without control characters", line);
        return line;
}

/* Takes @word off the beginning of @line, if it is there. */
static bool skip(struct ward_span *line, const char *word)
{
        size_t len = strlen(word);
        if (line->len < len || memcmp(line->at, word, len))
                return false;
        *line = (struct ward_span){ line->at + len, line->len - len };
        return true;
}

/* "export func NAME SIGNATURE", "import resource NAME", … */
static bool split(struct ward_span line, struct embedded_entry *ret)
{
        ret->import = skip(&line, "import ");
        if (!ret->import && !skip(&line, "export "))
                return false;
        ret->resource = skip(&line, "resource ");
        if (!ret->resource && !skip(&line, "func "))
                return false;
        const uint8_t *space = line.len ? memchr(line.at, ' ', line.len) : NULL;
        ret->name = (struct ward_span){ line.at, space ? (size_t)(space - line.at) : line.len };
        ret->signature = space ? (struct ward_span){ space + 1, line.len - ret->name.len - 1 } : (struct ward_span){ line.at, 0 };
        return ret->name.len && (ret->resource ? !space : ret->signature.len);
}

static void read_head(struct reading *reading, struct embedded *embedded)
{
        struct ward_span line = next_line(reading);
        if (!span_is(line, "ward-contract 1"))
                refuse(reading, "'ward-contract 1'", line);
        line = embedded->world = next_line(reading);
        if (!skip(&embedded->world, "world ") || !embedded->world.len)
                refuse(reading, "'world NAME'", line);
        line = next_line(reading);
        embedded->utf16 = span_is(line, "encoding utf16");
        if (!embedded->utf16 && !span_is(line, "encoding utf8"))
                refuse(reading, "'encoding utf8' or 'encoding utf16'", line);
}

static void read_entries(struct reading *reading, struct embedded *embedded)
{
        struct embedded_entry entry;
        size_t n = 0;
        embedded->entries.at = reading->left.at;
        for (;;) {
                struct ward_span line = next_line(reading);
                if (!line.len || reading->error)
                        break;
                if (!split(line, &entry))
                        refuse(reading, "an export or import, of a func or resource", line);
                if (++n > EMBEDDED_ENTRIES_MAX)
                        refuse(reading, "no more than 30000 functions and resources", line);
        }
        embedded->entries.len = (size_t)(reading->left.at - embedded->entries.at);
        embedded->wit = (struct ward_span){ reading->left.at, reading->left.left };
}

int embedded_read(struct ward_span bytes, const char *path, struct embedded *ret_embedded, struct ward_fault *fault)
{
        struct reading reading = { .left = { bytes.at, bytes.len, false }, .path = path, .fault = fault };
        struct embedded embedded = { 0 };
        if (bytes.len > EMBEDDED_BYTES_MAX)
                return fault_set(fault, WARD_FAULT_CONTRACT, "module '%s': its contract has %zu bytes; Ward takes at most %d", path,
                                 bytes.len, EMBEDDED_BYTES_MAX);
        if (!text_is_utf8(bytes.at, bytes.len))
                return fault_set(fault, WARD_FAULT_CONTRACT,
                                 "module '%s': its contract is damaged: it is not UTF-8; generate its view again", path);
        read_head(&reading, &embedded);
        if (!reading.error)
                read_entries(&reading, &embedded);
        if (reading.error)
                return reading.error;
        *ret_embedded = embedded;
        return 0;
}

bool embedded_next(struct embedded_cursor *cursor, struct embedded_entry *ret_entry)
{
        struct ward_span line = take_line(&cursor->left);
        return !cursor->left.bad && split(line, ret_entry);
}

bool embedded_find(const struct embedded *embedded, bool import, bool resource, const char *name, struct embedded_entry *ret_entry)
{
        struct embedded_cursor at = embedded_begin(embedded);
        struct embedded_entry entry;
        while (embedded_next(&at, &entry)) {
                if (entry.import != import || entry.resource != resource || !span_is(entry.name, name))
                        continue;
                *ret_entry = entry;
                return true;
        }
        return false;
}
