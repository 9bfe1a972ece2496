/* Functions and what was compiled in them (.debug_info; DWARF 5, sections 3.3 and 7.5): a tree of entries, each of a form that an
 * abbreviation says. */
#include "wasm/dwarf_forms.h"

#include "base/own.h"

enum {
        TAG_INLINED = 0x1d,
        TAG_SUBPROGRAM = 0x2e,
        UNIT_COMPILE = 1, /* kinds of units, from version 5 on */
        UNIT_PARTIAL = 3,
        DEPTH_MAX = 256,
        HOPS_MAX = 8, /* from an entry to the one that has its name */
        ABBREVIATIONS_MAX = 1 << 16,
        RANGES_BASE_INDEX = 1, /* kinds of entries in a list of ranges, from version 5 on; 0 ends it */
        RANGES_INDEX_INDEX,
        RANGES_INDEX_LENGTH,
        RANGES_OFFSETS,
        RANGES_BASE,
        RANGES_ADDRESSES,
        RANGES_ADDRESS_LENGTH,
};

/* What is kept of an entry. */
enum attribute {
        NONE,
        NAME,
        LOW,
        HIGH,
        RANGES,
        LINES,
        ORIGIN,
        CALL_FILE,
        CALL_LINE,
        STRINGS_BASE,
        ADDRESSES_BASE,
        LISTS_BASE,
        N_ATTRIBUTES,
};

static const uint8_t attributes[] = {
        [0x03] = NAME,           [0x10] = LINES,      [0x11] = LOW,       [0x12] = HIGH,      [0x31] = ORIGIN,
        [0x47] = ORIGIN,         [0x55] = RANGES,     [0x58] = CALL_FILE, [0x59] = CALL_LINE, [0x72] = STRINGS_BASE,
        [0x73] = ADDRESSES_BASE, [0x74] = LISTS_BASE,
};

struct abbreviation {
        uint32_t tag;
        bool children;
        struct cursor specifications;
};

struct unit {
        struct dwarf *dwarf;
        struct ward_span all; /* with its length: what references count from */
        struct cursor entries;
        struct dwarf_width width;
        struct dwarf_value root[N_ATTRIBUTES]; /* the first entry's */
        uint64_t abbreviations_at;             /* what @abbreviations was read from */
        struct growing abbreviations;          /* the one with code 1 is the first */
        const struct dwarf_files *files;
};

struct entry {
        const struct abbreviation *abbreviation; /* NULL: the end of a list */
        struct dwarf_value values[N_ATTRIBUTES];
};

/* --- Entries ---------------------------------------------------------------------------------- */

/* Compilers count the codes from 1 up; a unit with others is left out. */
static void read_abbreviations(struct unit *unit, uint64_t offset)
{
        struct cursor cursor = cursor_at(unit->dwarf->in->abbrev, offset);
        if (unit->abbreviations.n && unit->abbreviations_at == offset)
                return;
        unit->abbreviations.n = 0;
        unit->abbreviations_at = offset;
        while (cursor_uleb(&cursor) == unit->abbreviations.n + 1 && dwarf_step(unit->dwarf)) {
                uint64_t name, form;
                struct abbreviation new = { .tag = (uint32_t)cursor_uleb(&cursor), .children = cursor_u8(&cursor) };
                new.specifications = cursor;
                do {
                        name = cursor_uleb(&cursor);
                        form = cursor_uleb(&cursor);
                        if (form == FORM_IMPLICIT_CONST)
                                cursor_sleb(&cursor);
                } while ((name || form) && dwarf_step(unit->dwarf));
                struct abbreviation *abbreviation = cursor.bad ? NULL : growing_add(&unit->abbreviations, 1);
                if (!abbreviation)
                        return;
                *abbreviation = new;
        }
}

/* False where the unit cannot be read on. */
static bool read_entry(struct unit *unit, struct cursor *cursor, struct entry *ret)
{
        uint64_t code = cursor_uleb(cursor), name, form;
        memset(ret, 0, sizeof *ret);
        if (!dwarf_step(unit->dwarf) || cursor->bad || code > unit->abbreviations.n)
                return false;
        if (!code)
                return true;
        ret->abbreviation = (const struct abbreviation *)unit->abbreviations.at + code - 1;
        struct cursor specifications = ret->abbreviation->specifications;
        while (name = cursor_uleb(&specifications), form = cursor_uleb(&specifications), name || form) {
                int64_t constant = form == FORM_IMPLICIT_CONST ? cursor_sleb(&specifications) : 0;
                uint8_t which = name < COUNT_OF(attributes) ? attributes[name] : NONE;
                ret->values[which] = dwarf_value(cursor, unit->width, form, constant);
                if (cursor->bad || !dwarf_step(unit->dwarf))
                        return false;
        }
        return true;
}

/* --- Values that are numbers of others -------------------------------------------------------- */

/* Entry @index of the table that begins at @base of @section. */
static struct cursor at_index(struct ward_span section, uint64_t base, uint64_t index, unsigned size)
{
        if (index > UINT32_MAX || base > UINT32_MAX)
                return cursor_at((struct ward_span){ 0 }, 1);
        return cursor_at(section, base + index * size);
}

static uint64_t indexed_address(const struct unit *unit, uint64_t index)
{
        struct cursor at = at_index(unit->dwarf->in->addr, unit->root[ADDRESSES_BASE].number, index, unit->width.address);
        return cursor_number(&at, unit->width.address);
}

static uint64_t address(const struct unit *unit, const struct dwarf_value *value)
{
        bool indexed = value->form == FORM_ADDRX || (value->form >= FORM_ADDRX1 && value->form <= FORM_ADDRX4);
        return indexed ? indexed_address(unit, value->number) : value->number;
}

static struct ward_span text(const struct unit *unit, const struct dwarf_value *value)
{
        if (value->form != FORM_STRX && (value->form < FORM_STRX1 || value->form > FORM_STRX4))
                return dwarf_value_text(unit->dwarf, value);
        struct cursor at = at_index(unit->dwarf->in->str_offsets, unit->root[STRINGS_BASE].number, value->number, 4);
        uint64_t offset = cursor_number(&at, 4);
        return at.bad ? (struct ward_span){ 0 } : dwarf_text(unit->dwarf->in->str, offset);
}

/* The name, of the entry itself or of the one that it is a copy of, within the unit. */
static uint32_t name_of(struct unit *unit, const struct entry *entry)
{
        struct entry other = *entry;
        for (int i = 0; i < HOPS_MAX; i++) {
                const struct dwarf_value *origin = &other.values[ORIGIN];
                if (other.values[NAME].form)
                        return dwarf_add_text(unit->dwarf, text(unit, &other.values[NAME]));
                if (origin->form < FORM_REF1 || origin->form > FORM_REF_UDATA)
                        return 0;
                struct cursor cursor = cursor_at(unit->all, origin->number);
                if (!read_entry(unit, &cursor, &other))
                        return 0;
        }
        return 0;
}

static uint32_t file_of(const struct unit *unit, const struct dwarf_value *value)
{
        const uint32_t *files = unit->dwarf->files.at;
        uint64_t index = unit->files ? value->number - unit->files->base : 0;
        return unit->files && index < unit->files->n ? files[unit->files->first + index] : 0;
}

/* --- Where its code is ------------------------------------------------------------------------ */

/* Code at 0 is that of functions which the linker left out. */
static void add_extent(struct unit *unit, uint32_t scope, uint64_t low, uint64_t high)
{
        struct dwarf_extent *extent = low && low < high ? growing_add(&unit->dwarf->extents, 1) : NULL;
        if (extent)
                *extent = (struct dwarf_extent){ low, high, scope };
}

static void add_old_ranges(struct unit *unit, uint32_t scope, uint64_t offset)
{
        struct cursor cursor = cursor_at(unit->dwarf->in->ranges, offset);
        unsigned size = unit->width.address;
        uint64_t base = address(unit, &unit->root[LOW]), most = size == 4 ? UINT32_MAX : UINT64_MAX;
        while (!cursor.bad && dwarf_step(unit->dwarf)) {
                uint64_t low = cursor_number(&cursor, size), high = cursor_number(&cursor, size);
                if (!low && !high)
                        return;
                if (low == most)
                        base = high;
                else if (!cursor.bad)
                        add_extent(unit, scope, base + low, base + high);
        }
}

/* One entry of a list; false at its end. */
static bool add_range(struct unit *unit, uint32_t scope, struct cursor *cursor, uint64_t *base)
{
        unsigned size = unit->width.address;
        uint64_t low;
        switch (cursor_u8(cursor)) {
        case RANGES_BASE_INDEX:
                *base = indexed_address(unit, cursor_uleb(cursor));
                return true;
        case RANGES_INDEX_INDEX:
                low = indexed_address(unit, cursor_uleb(cursor));
                add_extent(unit, scope, low, indexed_address(unit, cursor_uleb(cursor)));
                return true;
        case RANGES_INDEX_LENGTH:
                low = indexed_address(unit, cursor_uleb(cursor));
                add_extent(unit, scope, low, low + cursor_uleb(cursor));
                return true;
        case RANGES_OFFSETS:
                low = *base + cursor_uleb(cursor);
                add_extent(unit, scope, low, *base + cursor_uleb(cursor));
                return true;
        case RANGES_BASE:
                *base = cursor_number(cursor, size);
                return true;
        case RANGES_ADDRESSES:
                low = cursor_number(cursor, size);
                add_extent(unit, scope, low, cursor_number(cursor, size));
                return true;
        case RANGES_ADDRESS_LENGTH:
                low = cursor_number(cursor, size);
                add_extent(unit, scope, low, low + cursor_uleb(cursor));
                return true;
        default:
                return false;
        }
}

static void add_ranges(struct unit *unit, uint32_t scope, const struct dwarf_value *ranges)
{
        struct ward_span lists = unit->dwarf->in->rnglists;
        uint64_t base = address(unit, &unit->root[LOW]), offset = ranges->number;
        if (unit->width.version < 5) {
                add_old_ranges(unit, scope, offset);
                return;
        }
        if (ranges->form == FORM_RNGLISTX) {
                uint64_t table = unit->root[LISTS_BASE].number;
                struct cursor at = at_index(lists, table, offset, 4);
                offset = table + cursor_number(&at, 4);
        }
        struct cursor cursor = cursor_at(lists, offset);
        while (!cursor.bad && dwarf_step(unit->dwarf) && add_range(unit, scope, &cursor, &base))
                ;
}

static void add_code(struct unit *unit, uint32_t scope, const struct entry *entry)
{
        const struct dwarf_value *high = &entry->values[HIGH];
        uint64_t low = address(unit, &entry->values[LOW]);
        bool is_address = high->form == FORM_ADDR || high->form == FORM_ADDRX || high->form >= FORM_ADDRX1;
        if (entry->values[RANGES].form)
                add_ranges(unit, scope, &entry->values[RANGES]);
        else if (high->form && entry->values[LOW].form)
                add_extent(unit, scope, low, is_address ? address(unit, high) : low + high->number);
}

/* --- Units ------------------------------------------------------------------------------------ */

/* Its index and 1, or @up where it is not kept. */
static uint32_t add_scope(struct unit *unit, const struct entry *entry, uint32_t up)
{
        bool inlined = entry->abbreviation->tag == TAG_INLINED;
        if (!inlined && entry->abbreviation->tag != TAG_SUBPROGRAM)
                return up;
        uint32_t name = name_of(unit, entry), index = unit->dwarf->scopes.n;
        struct dwarf_scope *scope = growing_add(&unit->dwarf->scopes, 1);
        if (!scope)
                return up;
        *scope = (struct dwarf_scope){ .up = inlined ? up : 0, .name = name, .inlined = inlined };
        scope->call_file = file_of(unit, &entry->values[CALL_FILE]);
        scope->call_line = (uint32_t)entry->values[CALL_LINE].number;
        add_code(unit, index, entry);
        return index + 1;
}

static void read_entries(struct unit *unit)
{
        uint32_t around[DEPTH_MAX] = { 0 }, depth = 0;
        struct entry entry;
        while (cursor_left(&unit->entries) && read_entry(unit, &unit->entries, &entry)) {
                if (!entry.abbreviation) {
                        if (!depth--)
                                return;
                        continue;
                }
                uint32_t scope = add_scope(unit, &entry, around[depth]);
                if (!entry.abbreviation->children)
                        continue;
                if (++depth == DEPTH_MAX)
                        return;
                around[depth] = scope;
        }
}

static const struct dwarf_files *find_files(const struct dwarf *dwarf, const struct dwarf_value *lines)
{
        const struct dwarf_files *tables = dwarf->tables.at;
        uint32_t low = 0, high = dwarf->tables.n;
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (tables[middle].offset < lines->number)
                        low = middle + 1;
                else
                        high = middle;
        }
        return lines->form && low < dwarf->tables.n && tables[low].offset == lines->number ? &tables[low] : NULL;
}

static bool read_header(struct unit *unit)
{
        struct cursor *cursor = &unit->entries;
        uint64_t abbreviations = 0;
        uint8_t kind = UNIT_COMPILE;
        unit->width.version = (uint16_t)cursor_number(cursor, 2);
        if (unit->width.version < 2 || unit->width.version > 5)
                return false;
        if (unit->width.version < 5)
                abbreviations = cursor_number(cursor, 4);
        else
                kind = cursor_u8(cursor);
        unit->width.address = cursor_u8(cursor);
        if (unit->width.version >= 5)
                abbreviations = cursor_number(cursor, 4);
        if (cursor->bad || (kind != UNIT_COMPILE && kind != UNIT_PARTIAL) || (unit->width.address != 4 && unit->width.address != 8))
                return false;
        read_abbreviations(unit, abbreviations);
        return true;
}

static void read_unit(struct unit *unit)
{
        struct entry root;
        struct cursor peek;
        memset(unit->root, 0, sizeof unit->root);
        if (!read_header(unit))
                return;
        peek = unit->entries;
        if (!read_entry(unit, &peek, &root) || !root.abbreviation)
                return;
        memcpy(unit->root, root.values, sizeof unit->root);
        unit->files = find_files(unit->dwarf, &unit->root[LINES]);
        read_entries(unit);
}

void dwarf_read_scopes(struct dwarf *dwarf)
{
        struct unit unit = { .dwarf = dwarf, .abbreviations = growing_of(sizeof(struct abbreviation), ABBREVIATIONS_MAX) };
        struct cursor all = cursor_of(dwarf->in->info);
        while (cursor_left(&all) && dwarf_step(dwarf)) {
                const uint8_t *start = all.at;
                unit.entries = cursor_unit(&all);
                unit.all = (struct ward_span){ start, (size_t)(unit.entries.end - start) };
                if (!all.bad)
                        read_unit(&unit);
        }
        growing_finish(&unit.abbreviations);
}
