#include "wasm/module.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/reader.h"

enum { HEADER_LEN = 8, PATH_SHOWN_MAX = 120 };

/* Sections other than custom ones come at most once, in the order of @rank. */
static const struct {
        const char *name;
        void (*read)(struct reader *reader);
        uint8_t rank;
} sections[SECTION_IDS] = {
        [SECTION_TYPE] = { "type", read_types, 1 },
        [SECTION_IMPORT] = { "import", read_imports, 2 },
        [SECTION_FUNCTION] = { "function", read_functions, 3 },
        [SECTION_TABLE] = { "table", read_tables, 4 },
        [SECTION_MEMORY] = { "memory", read_memories, 5 },
        [SECTION_GLOBAL] = { "global", read_globals, 6 },
        [SECTION_EXPORT] = { "export", read_exports, 7 },
        [SECTION_START] = { "start", read_start, 8 },
        [SECTION_ELEMENT] = { "element", read_elements, 9 },
        [SECTION_DATA_COUNT] = { "data count", read_data_count, 10 },
        [SECTION_CODE] = { "code", read_code, 11 },
        [SECTION_DATA] = { "data", read_data, 12 },
};

static void set_where(struct reader *reader, const char *name)
{
        snprintf(reader->where, sizeof reader->where, "%s section", name);
}

/* Where a custom section is kept that helps to say where code traps: as it is, for what is wrong with it matters to nobody else. */
static struct ward_span *debug_section(struct wasm_module *module, struct ward_span name)
{
        struct dwarf_sections *dwarf = &module->dwarf;
        const struct {
                const char *name;
                struct ward_span *section;
        } known[] = {
                { "name", &module->names },
                { ".debug_info", &dwarf->info },
                { ".debug_abbrev", &dwarf->abbrev },
                { ".debug_line", &dwarf->line },
                { ".debug_line_str", &dwarf->line_str },
                { ".debug_str", &dwarf->str },
                { ".debug_str_offsets", &dwarf->str_offsets },
                { ".debug_addr", &dwarf->addr },
                { ".debug_ranges", &dwarf->ranges },
                { ".debug_rnglists", &dwarf->rnglists },
        };
        for (size_t i = 0; i < COUNT_OF(known); i++)
                if (span_is(name, known[i].name))
                        return known[i].section;
        return NULL;
}

static void read_custom(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        set_where(reader, "custom");
        struct ward_span name = reader_name(reader);
        size_t left = (size_t)(reader->end - reader->at);
        if (!reader->error && span_is(name, "ward-contract")) {
                if (module->claim.at)
                        reader_refuse(reader, "names its contract twice");
                else if (left > WASM_CLAIM_MAX)
                        reader_refuse(reader, "a contract of %zu bytes; Ward takes at most %d", left, WASM_CLAIM_MAX);
                else
                        module->claim = (struct ward_span){ reader->at, left };
        }
        struct ward_span *debug = reader->error ? NULL : debug_section(module, name);
        if (debug && !debug->at)
                *debug = (struct ward_span){ reader->at, left };
        reader->at = reader->end;
}

static void read_known(struct reader *reader, uint8_t id, uint8_t *rank)
{
        struct wasm_module *module = reader->module;
        set_where(reader, sections[id].name);
        if (sections[id].rank <= *rank)
                reader_refuse(reader, "comes twice or out of order");
        if (reader->error)
                return;
        *rank = sections[id].rank;
        module->sections[id] = (struct ward_span){ reader->at, (size_t)(reader->end - reader->at) };
        sections[id].read(reader);
        if (reader->at != reader->end)
                reader_refuse(reader, "has %zu bytes more than its content", (size_t)(reader->end - reader->at));
}

static void read_section(struct reader *reader, uint8_t *rank)
{
        const uint8_t *end = reader->end;
        set_where(reader, "unnamed");
        uint8_t id = reader_u8(reader);
        if (id == 13)
                reader_refuse(reader, "uses exceptions, which Ward does not take; build it without -fwasm-exceptions");
        else if (id >= SECTION_IDS)
                reader_refuse(reader, "there is no kind of section %u", id);
        else if (id != SECTION_CUSTOM)
                set_where(reader, sections[id].name);
        uint32_t len = reader_u32(reader);
        if (len > (size_t)(reader->end - reader->at))
                reader_refuse(reader, "is %u bytes long, but the file has only %zu more; it is cut short or damaged", len,
                              (size_t)(reader->end - reader->at));
        if (reader->error)
                return;
        reader->end = reader->at + len;
        if (id == SECTION_CUSTOM)
                read_custom(reader);
        else
                read_known(reader, id, rank);
        reader->end = end;
}

/* Text that a person may have passed instead: `(module …`, perhaps behind blanks and comments. */
static bool is_text_format(struct ward_span bytes)
{
        for (size_t i = 0; i < bytes.len; i++)
                if (!strchr(" \t\r\n", bytes.at[i]) || !bytes.at[i])
                        return bytes.at[i] == '(' || (bytes.at[i] == ';' && i + 1 < bytes.len && bytes.at[i + 1] == ';');
        return false;
}

static void read_header(struct reader *reader)
{
        static const uint8_t magic[4] = { 0, 'a', 's', 'm' }, elf[4] = { 0x7f, 'E', 'L', 'F' };
        struct ward_span all = { reader->at, (size_t)(reader->end - reader->at) };
        snprintf(reader->where, sizeof reader->where, "header");
        if (is_text_format(all)) {
                reader_refuse(reader, "is WebAssembly text; translate it with wat2wasm first");
                return;
        }
        if (all.len >= sizeof elf && !memcmp(all.at, elf, sizeof elf)) {
                reader_refuse(reader,
                              "is a shared library; activate it with isolation direct or process, or compile it for wasm32");
                return;
        }
        if (memcmp(all.at, magic, all.len < sizeof magic ? all.len : sizeof magic)) {
                reader_refuse(reader, "is not a WebAssembly module");
                return;
        }
        struct ward_span header = reader_bytes(reader, HEADER_LEN);
        if (reader->error)
                return;
        uint32_t version = header.at[4] | (uint32_t)header.at[5] << 8, layer = header.at[6] | (uint32_t)header.at[7] << 8;
        if (layer == 1)
                reader_refuse(reader, "is a component; Ward takes core modules, such as `clang --target=wasm32-wasi` makes");
        else if (layer || version != 1)
                reader_refuse(reader, "is of version %u, layer %u; Ward takes core modules of version 1", version, layer);
}

/* What no single section can see. */
static void check_whole(struct reader *reader)
{
        const struct wasm_module *module = reader->module;
        snprintf(reader->where, sizeof reader->where, "end of the module");
        if (module->n_bodies != module->shape.n_functions)
                reader_refuse(reader, "declares %u functions but has code for %u; it is cut short or damaged",
                              module->shape.n_functions, module->n_bodies);
        if (module->sections[SECTION_DATA_COUNT].at && !module->sections[SECTION_DATA].at && module->n_data)
                reader_refuse(reader, "declares %u data segments but has none; it is cut short or damaged", module->n_data);
}

static int module_new(struct ward_span bytes, const char *path, struct wasm_module **ret_module, struct ward_fault *fault)
{
        size_t path_len = strlen(path);
        /* the end of a long path says more than its beginning, and leaves room for what is wrong */
        const char *shown = path_len > PATH_SHOWN_MAX ? path + path_len - PATH_SHOWN_MAX : path;
        OWNED(wasm_module_freep) struct wasm_module *module = calloc(1, sizeof *module);
        if (module) {
                module->path = strdup(shown);
                module->bytes = malloc(bytes.len ? bytes.len : 1);
        }
        if (!module || !module->path || !module->bytes)
                return fault_set(fault, WARD_FAULT_SYSTEM, "module '%s': out of memory while reading it", shown);
        if (bytes.len)
                memcpy(module->bytes, bytes.at, bytes.len);
        module->len = bytes.len;
        module->shape.memory_max = WASM_PAGES_MAX;
        module->shape.data_low = UINT32_MAX;
        *ret_module = STEAL(module);
        return 0;
}

int wasm_module_read(struct ward_span bytes, const char *path, struct wasm_module **ret_module, struct ward_fault *fault)
{
        OWNED(wasm_module_freep) struct wasm_module *module = NULL;
        if (bytes.len > WASM_MODULE_MAX)
                return fault_set(fault, WARD_FAULT_MODULE, "module '%s': is %zu bytes long; Ward takes modules of at most %d", path,
                                 bytes.len, WASM_MODULE_MAX);
        int r = module_new(bytes, path, &module, fault);
        if (r)
                return r;
        struct reader reader = { .module = module, .fault = fault, .at = module->bytes, .end = module->bytes + module->len };
        uint8_t rank = 0;
        read_header(&reader);
        while (!reader.error && reader.at != reader.end)
                read_section(&reader, &rank);
        check_whole(&reader);
        if (reader.error)
                return reader.error;
        *ret_module = STEAL(module);
        return 0;
}

struct wasm_module *wasm_module_free(struct wasm_module *module)
{
        if (!module)
                return NULL;
        free(module->bytes);
        free(module->path);
        free(module->cores);
        free(module->types);
        free(module->imports);
        free(module->funcs);
        free(module->tables);
        free(module->globals);
        free(module->exports);
        free(module->elements);
        free(module->mentions);
        free(module);
        return NULL;
}

struct ward_span wasm_module_claim(const struct wasm_module *module)
{
        return module->claim;
}

uint32_t wasm_module_null_bytes(const struct wasm_module *module)
{
        enum { NULL_PAGE = 4096, STACK_LEAST = 64 << 10 };
        uint32_t low = module->shape.data_low;
        return module->claim.at && low >= STACK_LEAST && low != UINT32_MAX ? NULL_PAGE : 0;
}

const struct wasm_shape *wasm_module_shape(const struct wasm_module *module)
{
        return &module->shape;
}
