/* Rows of line tables say where code is from, scopes in which function, and where that is called which was compiled in place. Here
 * the two become one table. */
#include "wasm/dwarf_parts.h"

#include <errno.h>
#include "base/own.h"

static struct dwarf_row *row_at(const struct dwarf *dwarf, uint32_t i)
{
        return (struct dwarf_row *)dwarf->rows.at + i;
}

static struct dwarf_scope *scope_at(const struct dwarf *dwarf, uint32_t i)
{
        return (struct dwarf_scope *)dwarf->scopes.at + i;
}

/* --- Where something begins or ends ----------------------------------------------------------- */

struct bounds {
        uint64_t *at;     /* sorted */
        uint32_t *scopes; /* the innermost one from there to the next bound: its index and 1 */
        uint32_t n;
};

static void bounds_finish(struct bounds *bounds)
{
        free(bounds->at);
        free(bounds->scopes);
}

static int compare_addresses(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
        return (x > y) - (x < y);
}

static int bounds_make(const struct dwarf *dwarf, struct bounds *ret)
{
        const struct dwarf_extent *extents = dwarf->extents.at;
        size_t most = (size_t)dwarf->rows.n + 2 * (size_t)dwarf->extents.n, n = 0;
        uint64_t *at = malloc((most + 1) * sizeof *at);
        ret->at = at;
        ret->scopes = calloc(most + 1, sizeof *ret->scopes);
        if (!at || !ret->scopes)
                return -ENOMEM;
        for (uint32_t i = 0; i < dwarf->rows.n; i++)
                at[n++] = row_at(dwarf, i)->address;
        for (uint32_t i = 0; i < dwarf->extents.n; i++) {
                at[n++] = extents[i].low;
                at[n++] = extents[i].high;
        }
        qsort(at, n, sizeof *at, compare_addresses);
        for (size_t i = 0; i < n; i++)
                if (!i || at[i] != at[ret->n - 1])
                        at[ret->n++] = at[i];
        return 0;
}

static uint32_t bounds_find(const struct bounds *bounds, uint64_t address)
{
        uint32_t low = 0, high = bounds->n;
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (bounds->at[middle] < address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* What is within something else comes after it, and takes its place. */
static void fill_scopes(struct dwarf *dwarf, struct bounds *bounds)
{
        const struct dwarf_extent *extents = dwarf->extents.at;
        for (uint32_t i = 0; i < dwarf->extents.n; i++)
                for (uint32_t j = bounds_find(bounds, extents[i].low); j < bounds->n && bounds->at[j] < extents[i].high; j++) {
                        if (!dwarf_step(dwarf))
                                return;
                        bounds->scopes[j] = extents[i].scope + 1;
                }
}

/* --- Places ----------------------------------------------------------------------------------- */

static uint32_t add_place(struct dwarf_table *table, struct dwarf_place new)
{
        struct dwarf_place *place = growing_add(&table->places, 1);
        if (!place)
                return 0;
        *place = new;
        return table->places.n;
}

/* Where scopes are called. What is around a scope has a smaller index. */
static void place_calls(const struct dwarf *dwarf, struct dwarf_table *table)
{
        for (uint32_t i = 0; i < dwarf->scopes.n; i++) {
                struct dwarf_scope *scope = scope_at(dwarf, i);
                if (!scope->up)
                        continue;
                const struct dwarf_scope *around = scope_at(dwarf, scope->up - 1);
                scope->place =
                        add_place(table, (struct dwarf_place){ around->name, scope->call_file, scope->call_line, around->place });
        }
}

static void add_range(struct dwarf_table *table, uint64_t address, struct dwarf_place place)
{
        const struct dwarf_range *last = table->ranges.n ? (struct dwarf_range *)table->ranges.at + table->ranges.n - 1 : NULL;
        const struct dwarf_place *before = last && last->place ? (struct dwarf_place *)table->places.at + last->place - 1 : NULL;
        bool known = place.name || place.line || place.up;
        if (before ? !memcmp(before, &place, sizeof place) : !known)
                return;
        uint32_t index = known ? add_place(table, place) : 0;
        struct dwarf_range *range = growing_add(&table->ranges, 1);
        if (range)
                *range = (struct dwarf_range){ address, index };
}

static void add_ranges(const struct dwarf *dwarf, const struct bounds *bounds, struct dwarf_table *table)
{
        static const struct dwarf_row none;
        const struct dwarf_row *row = &none;
        uint32_t next = 0;
        for (uint32_t i = 0; i < bounds->n; i++) {
                while (next < dwarf->rows.n && row_at(dwarf, next)->address <= bounds->at[i])
                        row = row_at(dwarf, next++);
                const struct dwarf_scope *scope = bounds->scopes[i] ? scope_at(dwarf, bounds->scopes[i] - 1) : NULL;
                add_range(table, bounds->at[i],
                          (struct dwarf_place){ scope ? scope->name : 0, row->file, row->line, scope ? scope->place : 0 });
        }
}

/* An end comes before what begins there. */
static int compare_rows(const void *a, const void *b)
{
        const struct dwarf_row *x = a, *y = b;
        if (x->address != y->address)
                return x->address < y->address ? -1 : 1;
        if (x->is_end != y->is_end)
                return x->is_end ? -1 : 1;
        return (x->number > y->number) - (x->number < y->number);
}

int dwarf_join(struct dwarf *dwarf, struct dwarf_table *table)
{
        OWNED(bounds_finish) struct bounds bounds = { 0 };
        if (dwarf->rows.n)
                qsort(dwarf->rows.at, dwarf->rows.n, sizeof(struct dwarf_row), compare_rows);
        int r = bounds_make(dwarf, &bounds);
        if (r)
                return r;
        fill_scopes(dwarf, &bounds);
        place_calls(dwarf, table);
        add_ranges(dwarf, &bounds, table);
        return table->places.failed || table->ranges.failed ? -ENOMEM : 0;
}

/* --- All of it -------------------------------------------------------------------------------- */

static void dwarf_finish(struct dwarf *dwarf)
{
        growing_finish(&dwarf->rows);
        growing_finish(&dwarf->tables);
        growing_finish(&dwarf->files);
        growing_finish(&dwarf->scopes);
        growing_finish(&dwarf->extents);
}

int dwarf_read(const struct dwarf_sections *sections, struct texts *texts, struct dwarf_table *ret_table)
{
        OWNED(dwarf_finish)
        struct dwarf dwarf = {
                .in = sections,
                .texts = texts,
                .steps = DWARF_STEPS_MAX,
                .rows = growing_of(sizeof(struct dwarf_row), DWARF_ROWS_MAX),
                .tables = growing_of(sizeof(struct dwarf_files), DWARF_UNITS_MAX),
                .files = growing_of(sizeof(uint32_t), DWARF_FILES_MAX),
                .scopes = growing_of(sizeof(struct dwarf_scope), DWARF_SCOPES_MAX),
                .extents = growing_of(sizeof(struct dwarf_extent), DWARF_SCOPES_MAX),
        };
        struct dwarf_table table = {
                .ranges = growing_of(sizeof(struct dwarf_range), DWARF_RANGES_MAX),
                .places = growing_of(sizeof(struct dwarf_place), DWARF_PLACES_MAX),
        };
        dwarf_read_lines(&dwarf);
        dwarf_read_scopes(&dwarf);
        int r = dwarf_join(&dwarf, &table);
        if (r) {
                dwarf_table_finish(&table);
                return r;
        }
        *ret_table = table;
        return 0;
}

void dwarf_table_finish(struct dwarf_table *table)
{
        growing_finish(&table->ranges);
        growing_finish(&table->places);
}
