/* Documentation: the comments before an item. Every kind of comment counts, as in the reference implementation. */
#include <string.h>

#include "contract/lex.h"

/* One comment, without its marks. */
struct entry {
        const char *at;
        size_t len;
};

struct entries {
        struct entry *items;
        size_t n;
        struct place first;
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct entry strip(const char *at, size_t len)
{
        if (len >= 3 && !memcmp(at, "/**", 3)) {
                at += 3;
                len -= 3;
                if (len >= 2 && !memcmp(at + len - 2, "*/", 2))
                        len -= 2;
        } else {
                for (; len && *at == '/'; len--)
                        at++;
        }
        while (len && is_blank(at[len - 1]))
                len--;
        return (struct entry){ at, len };
}

/* Past the comment at @at, which is known to end. */
static size_t comment_end(const char *text, size_t at, size_t to)
{
        size_t depth = 0;
        if (text[at + 1] == '/') {
                while (at < to && text[at] != '\n')
                        at++;
                return at;
        }
        do {
                bool opens = text[at] == '/' && text[at + 1] == '*', closes = text[at] == '*' && text[at + 1] == '/';
                depth += opens;
                depth -= closes;
                at += opens || closes ? 2 : 1;
        } while (depth);
        return at;
}

static void collect(const struct source *source, size_t from, size_t to, struct arena *arena, struct entries *entries)
{
        while (from < to) {
                if (source->text[from] != '/') {
                        from++;
                        continue;
                }
                size_t end = comment_end(source->text, from, to);
                if (!entries->n)
                        entries->first = (struct place){ source, from, end - from };
                entries->items = arena_room(arena, entries->items, entries->n, sizeof *entries->items);
                entries->items[entries->n++] = strip(source->text + from, end - from);
                from = end;
        }
}

static size_t indent_of(struct entry entry)
{
        size_t n = 0;
        while (n < entry.len && is_blank(entry.at[n]))
                n++;
        return n;
}

static size_t common_indent(const struct entries *entries)
{
        size_t least = (size_t)-1;
        for (size_t i = 0; i < entries->n; i++)
                if (entries->items[i].len && indent_of(entries->items[i]) < least)
                        least = indent_of(entries->items[i]);
        return least;
}

/* Appends the entry without @indent leading spaces and without carriage returns before newlines. */
static char *append(char *to, struct entry entry, size_t indent)
{
        size_t i = 0;
        while (i < entry.len && i < indent && entry.at[i] == ' ')
                i++;
        if (i < indent)
                i = 0;
        for (; i < entry.len; i++)
                if (!(entry.at[i] == '\r' && i + 1 < entry.len && entry.at[i + 1] == '\n'))
                        *to++ = entry.at[i];
        return to;
}

const char *lex_docs(const struct source *source, size_t from, size_t to, struct arena *arena, struct place *ret_place)
{
        struct entries entries = { 0 };
        collect(source, from, to, arena, &entries);
        if (!entries.n)
                return NULL;
        size_t indent = common_indent(&entries);
        char *text = arena_take(arena, to - from + entries.n + 1), *end = text;
        for (size_t i = 0; i < entries.n; i++) {
                end = append(end, entries.items[i], indent);
                *end++ = '\n';
        }
        while (end > text && end[-1] == '\n')
                end--;
        *end = 0;
        if (ret_place)
                *ret_place = entries.first;
        return text;
}
