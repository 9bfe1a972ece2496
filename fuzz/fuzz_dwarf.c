/* The readers of debugging information and of unwinding rules: whatever the sections hold, reading ends, and what it gives hangs
 * together. The input is the sections in the order of struct dwarf_sections, each behind its length in two bytes; then .eh_frame.
 */
#include <stdlib.h>
#include "wasm/cfi.h"
#include "wasm/dwarf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
        if (!holds)
                abort();
}

static struct ward_span take(const uint8_t **at, const uint8_t *end)
{
        size_t left = (size_t)(end - *at), len = left < 2 ? 0 : (size_t)((*at)[0] | (*at)[1] << 8);
        if (left < 2 || len > left - 2)
                return (struct ward_span){ 0 };
        struct ward_span span = { *at + 2, len };
        *at += 2 + len;
        return span;
}

static void check_table(const struct dwarf_table *table, const struct texts *texts)
{
        const struct dwarf_range *ranges = table->ranges.at;
        const struct dwarf_place *places = table->places.at;
        for (uint32_t i = 0; i < table->ranges.n; i++)
                require(ranges[i].place <= table->places.n && (!i || ranges[i - 1].address < ranges[i].address));
        for (uint32_t i = 0; i < table->places.n; i++)
                require(places[i].up <= i && places[i].name < texts->bytes.n && places[i].file < texts->bytes.n);
}

static void check_rules(struct ward_span section)
{
        struct growing rules = growing_of(sizeof(struct cfi_rule), CFI_RULES_MAX);
        cfi_read(section, 0x1000, &rules);
        const struct cfi_rule *at = rules.at;
        for (uint32_t i = 1; i < rules.n; i++)
                require(at[i - 1].at <= at[i].at);
        growing_finish(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *end = data + size;
        struct dwarf_sections sections = { .info = take(&data, end) };
        struct ward_span *others[] = { &sections.abbrev,      &sections.line, &sections.line_str, &sections.str,
                                       &sections.str_offsets, &sections.addr, &sections.ranges,   &sections.rnglists };
        struct dwarf_table table;
        struct texts texts;
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
                *others[i] = take(&data, end);
        texts_init(&texts);
        require(!dwarf_read(&sections, &texts, &table));
        check_table(&table, &texts);
        dwarf_table_finish(&table);
        texts_finish(&texts);
        check_rules((struct ward_span){ data, (size_t)(end - data) });
        return 0;
}
