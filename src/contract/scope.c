#include "contract/scope.h"

#include <stdio.h>
#include <string.h>

#include "base/near.h"

enum {
        NEAR_SYMBOLS_MAX = 500,
        LISTED_MAX = 8,
};

const char *symbol_kind_name(enum symbol_kind kind)
{
        static const char *const names[] = {
                [SYMBOL_TYPE] = "a type",           [SYMBOL_FUNC] = "a function", [SYMBOL_INTERFACE] = "an interface",
                [SYMBOL_WORLD] = "a world",         [SYMBOL_FIELD] = "a field",   [SYMBOL_CASE] = "a case",
                [SYMBOL_PARAMETER] = "a parameter",
        };
        return names[kind];
}

static struct symbol *find_folded(struct scopes *scopes, const struct scope *scope, const char *name)
{
        return map_get(&scopes->symbols, scope, names_fold(&scopes->reader->names, name));
}

struct symbol *scope_find(struct scopes *scopes, const struct scope *scope, const char *name)
{
        struct symbol *symbol = find_folded(scopes, scope, name);
        return symbol && symbol->name.text == name ? symbol : NULL;
}

static void report_twice(struct scopes *scopes, const struct symbol *first, struct ast_name name, const char *verb)
{
        char where[256];
        place_describe(first->name.place, where, sizeof where);
        if (first->name.text == name.text)
                report_at(&scopes->reader->report, name.place, "`%s` %s; the first is %s at %s", name.text, verb,
                          symbol_kind_name(first->kind), where);
        else
                report_at(&scopes->reader->report, name.place, "`%s` differs from `%s` at %s in upper and lower case only",
                          name.text, first->name.text, where);
}

struct symbol *scope_add(struct scopes *scopes, struct scope *scope, enum symbol_kind kind, struct ast_name name, const char *verb)
{
        struct reader *reader = scopes->reader;
        struct symbol *first = find_folded(scopes, scope, name.text);
        struct symbol *symbol = arena_take(reader->scratch, sizeof *symbol);
        *symbol = (struct symbol){ .kind = kind, .name = name };
        if (first) {
                report_twice(scopes, first, name, verb);
                return symbol;
        }
        map_put(&scopes->symbols, scope, names_fold(&reader->names, name.text), symbol);
        if (scope->last)
                scope->last->next = symbol;
        else
                scope->first = symbol;
        scope->last = symbol;
        return symbol;
}

/* The most alike name, if it is alike enough to have been meant. */
static const char *nearest(const struct scope *scope, const char *name, unsigned kinds)
{
        size_t len = strlen(name), seen = 0;
        const char *best = NULL;
        unsigned least = near_bound(len);
        for (const struct symbol *s = scope->first; s && seen < NEAR_SYMBOLS_MAX; s = s->next, seen++) {
                size_t other = strlen(s->name.text);
                if (!(kinds >> s->kind & 1) || other > NEAR_LENGTH_MAX || !least)
                        continue;
                unsigned d = near_edits(name, len, s->name.text, other);
                if (d < least || (d == least && !best)) {
                        least = d;
                        best = s->name.text;
                }
        }
        return best;
}

/* "a, b, c, …" */
static void list_names(const struct scope *scope, unsigned kinds, char *text, size_t room)
{
        size_t n = 0, len = 0;
        text[0] = 0;
        for (const struct symbol *s = scope->first; s && len < room; s = s->next) {
                if (!(kinds >> s->kind & 1))
                        continue;
                const char *comma = n ? ", " : "";
                if (n++ == LISTED_MAX) {
                        snprintf(text + len, room - len, "%s…", comma);
                        return;
                }
                len += (size_t)snprintf(text + len, room - len, "%s%s", comma, s->name.text);
        }
}

void scope_unknown(struct scopes *scopes, const struct scope *scope, struct ast_name name, const char *what, unsigned kinds)
{
        struct report *report = &scopes->reader->report;
        char known[256];
        if (report->full)
                return;
        const char *near = nearest(scope, name.text, kinds);
        list_names(scope, kinds, known, sizeof known);
        if (near)
                report_at(report, name.place, "there is no %s `%s` in %s; did you mean `%s`?", what, name.text, scope->what, near);
        else if (known[0])
                report_at(report, name.place, "there is no %s `%s` in %s; there is: %s", what, name.text, scope->what, known);
        else
                report_at(report, name.place, "there is no %s `%s`: %s defines none", what, name.text, scope->what);
}
