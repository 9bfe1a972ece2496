/* Making a map: out of the debugging information that the C compiler wrote of lines which are offsets, and of the module's own. */
#include "wasm/map_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/elf.h"
#include "wasm/names.h"
#include "wasm/parts.h"

enum { FILE_MAX = 512 << 20, RECENT_FRAMES = 4096 };

struct making {
        const struct wasm_module *module;
        const struct wasm_marked *marked;
        struct wasm_map_head head;
        struct growing arrays[MAP_ARRAYS];
        struct texts texts;
        struct texts image_texts; /* names of the C text */
        struct dwarf_table image, lines;
};

static void making_finish(struct making *making)
{
        for (int i = 0; i < MAP_ARRAYS; i++)
                growing_finish(&making->arrays[i]);
        texts_finish(&making->texts);
        texts_finish(&making->image_texts);
        dwarf_table_finish(&making->image);
        dwarf_table_finish(&making->lines);
}

static void *add(struct making *making, enum map_array which)
{
        return growing_add(&making->arrays[which], 1);
}

/* --- Functions and instructions --------------------------------------------------------------- */

static uint32_t offset_of(uint32_t line)
{
        return line - WASM_MARK_LINE;
}

static int add_functions(struct making *making)
{
        uint32_t *names = wasm_names_read(making->module, &making->texts);
        for (uint32_t i = 0; names && i < making->marked->n_functions; i++) {
                struct map_function *function = add(making, MAP_FUNCTIONS);
                if (function)
                        *function = (struct map_function){ offset_of(making->marked->functions[i].offset),
                                                           names[making->module->shape.n_imports + i] };
        }
        free(names);
        return names ? 0 : -ENOMEM;
}

/* --- Code of the image ------------------------------------------------------------------------ */

/* The function of the module that the C text calls so; NULL: it is of Ward's own. */
static const struct wasm_marks *function_named(const struct making *making, uint32_t name)
{
        const struct wasm_module *module = making->module;
        const char *text = texts_at(&making->image_texts, name);
        unsigned number;
        char kind;
        if (sscanf(text, "w2c_%c%u", &kind, &number) != 2 || (kind != 'f' && kind != 'e'))
                return NULL;
        if (kind == 'e' && (number >= module->n_exports || module->exports[number].kind != EXTERN_FUNCTION))
                return NULL;
        uint32_t function = kind == 'e' ? module->exports[number].index : number;
        uint32_t index = function - module->shape.n_imports;
        return index < making->marked->n_functions ? &making->marked->functions[index] : NULL;
}

/* The instruction whose text is on @line, or goes on there; in its function, which begins at @function. */
static uint32_t mark_before(const struct making *making, const struct wasm_marks *function, uint32_t line)
{
        uint32_t low = 0, high = function->n;
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (function->at[middle].offset <= line)
                        low = middle + 1;
                else
                        high = middle;
        }
        return offset_of(low ? function->at[low - 1].offset : function->offset);
}

static const struct wasm_marks *function_around(const struct making *making, uint32_t line)
{
        uint32_t low = 0, high = making->marked->n_functions;
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (making->marked->functions[middle].offset <= line)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low ? &making->marked->functions[low - 1] : NULL;
}

/* The module's instruction that a place in the C text is; 0: it is none. Where the C compiler says a function but no line of it,
 * where the function begins. */
static uint32_t place_offset(const struct making *making, const struct dwarf_place *place)
{
        const struct wasm_marks *function = function_named(making, place->name);
        if (place->line >= WASM_MARK_LINE) {
                const struct wasm_marks *around = function_around(making, place->line);
                return around ? mark_before(making, around, place->line) : 0;
        }
        return function ? offset_of(function->offset) : 0;
}

/* The frame's index and 1. Several lines of the C text are of one instruction: equal frames are mostly one. */
static uint32_t add_frame(struct making *making, struct map_frame new, uint32_t recent[RECENT_FRAMES])
{
        const struct map_frame *frames = making->arrays[MAP_FRAMES].at;
        uint32_t *slot = &recent[(new.offset * 31 + new.up) % RECENT_FRAMES];
        if (*slot && frames[*slot - 1].offset == new.offset &&frames[*slot - 1].up == new.up)
                return *slot;
        struct map_frame *frame = add(making, MAP_FRAMES);
        if (!frame)
                return new.up;
        *frame = new;
        return *slot = making->arrays[MAP_FRAMES].n;
}

static int add_codes(struct making *making)
{
        const struct dwarf_place *places = making->image.places.at;
        const struct dwarf_range *ranges = making->image.ranges.at;
        uint32_t *frames = calloc((size_t)making->image.places.n + 1, sizeof *frames), recent[RECENT_FRAMES] = { 0 }, last = 0;
        for (uint32_t i = 0; frames && i < making->image.places.n; i++) {
                struct map_frame frame = { place_offset(making, &places[i]), frames[places[i].up] };
                frames[i + 1] = frame.offset ? add_frame(making, frame, recent) : frame.up;
        }
        for (uint32_t i = 0; frames && i < making->image.ranges.n && ranges[i].address <= UINT32_MAX; i++) {
                uint32_t frame = frames[ranges[i].place];
                struct map_code *code = frame != last ? add(making, MAP_CODES) : NULL;
                if (code)
                        *code = (struct map_code){ (uint32_t)ranges[i].address, frame };
                last = frame;
        }
        free(frames);
        return frames ? 0 : -ENOMEM;
}

/* --- Source lines ----------------------------------------------------------------------------- */

/* The place of the code at @offset: its index and 1. @next is where the search goes on: offsets come in their order. */
static uint32_t place_at(const struct making *making, uint32_t offset, uint32_t *next)
{
        const struct dwarf_range *ranges = making->lines.ranges.at;
        while (*next < making->lines.ranges.n && ranges[*next].address <= offset)
                ++*next;
        return *next ? ranges[*next - 1].place : 0;
}

static void add_line(struct making *making, uint32_t offset, uint32_t *next, uint8_t *used)
{
        const struct map_code *codes = making->arrays[MAP_LINES].at;
        uint32_t place = place_at(making, offset, next), n = making->arrays[MAP_LINES].n;
        if (n ? codes[n - 1].frame == place : !place)
                return;
        struct map_code *code = add(making, MAP_LINES);
        if (code)
                *code = (struct map_code){ offset, place };
        used[place] = 1;
}

/* Only lines of instructions that can trap, or call: others are never looked for. */
static void add_used_lines(struct making *making, uint8_t *used)
{
        const struct wasm_marks *function = making->marked->functions;
        uint32_t next = 0;
        for (uint32_t i = 0; i < making->marked->n_functions; i++, function++) {
                add_line(making, offset_of(function->offset), &next, used);
                for (uint32_t j = 0; j < function->n; j++)
                        add_line(making, offset_of(function->at[j].offset), &next, used);
        }
}

/* Only places that are looked for, with new numbers. */
static void add_used_places(struct making *making, const uint8_t *used, uint32_t *numbers)
{
        const struct dwarf_place *places = making->lines.places.at;
        struct map_code *codes = making->arrays[MAP_LINES].at;
        for (uint32_t i = 0; i < making->lines.places.n; i++) {
                struct dwarf_place *place = used[i + 1] ? add(making, MAP_PLACES) : NULL;
                if (!place)
                        continue;
                *place = places[i];
                place->up = numbers[places[i].up];
                numbers[i + 1] = making->arrays[MAP_PLACES].n;
        }
        for (uint32_t i = 0; i < making->arrays[MAP_LINES].n; i++)
                codes[i].frame = numbers[codes[i].frame];
}

static int add_lines(struct making *making)
{
        const struct dwarf_place *places = making->lines.places.at;
        size_t n = (size_t)making->lines.places.n + 1;
        OWNED(freep) uint8_t *used = calloc(n, sizeof *used);
        OWNED(freep) uint32_t *numbers = calloc(n, sizeof *numbers);
        if (!used || !numbers)
                return -ENOMEM;
        add_used_lines(making, used);
        for (size_t i = n - 1; i > 0; i--)
                if (used[i])
                        used[places[i - 1].up] = 1;
        add_used_places(making, used, numbers);
        return 0;
}

/* --- All of it -------------------------------------------------------------------------------- */

static int read_image(struct making *making, struct ward_span file)
{
        const struct dwarf_sections sections = {
                .info = elf_section(file, ".debug_info"),
                .abbrev = elf_section(file, ".debug_abbrev"),
                .line = elf_section(file, ".debug_line"),
                .line_str = elf_section(file, ".debug_line_str"),
                .str = elf_section(file, ".debug_str"),
                .str_offsets = elf_section(file, ".debug_str_offsets"),
                .addr = elf_section(file, ".debug_addr"),
                .ranges = elf_section(file, ".debug_ranges"),
                .rnglists = elf_section(file, ".debug_rnglists"),
        };
        return dwarf_read(&sections, &making->image_texts, &making->image);
}

static int make(struct making *making, struct ward_span file)
{
        texts_init(&making->texts);
        texts_init(&making->image_texts);
        for (int i = 0; i < MAP_ARRAYS; i++)
                making->arrays[i] = growing_of(map_sizes[i], UINT32_MAX / 16);
        int r = add_functions(making);
        if (!r)
                r = wasm_places_read(making->module, &making->texts, &making->lines);
        if (!r)
                r = read_image(making, file);
        if (!r)
                r = add_codes(making);
        if (!r)
                r = add_lines(making);
        cfi_read(elf_section(file, ".eh_frame"), elf_section_address(file, ".eh_frame"), &making->arrays[MAP_RULES]);
        for (int i = 0; i < MAP_ARRAYS && !r; i++)
                r = making->arrays[i].failed ? -ENOMEM : 0;
        return r;
}

static void write_map(struct making *making, struct writer *out)
{
        struct wasm_map_head head = { .magic = WASM_MAP_MAGIC, .n_imports = making->module->shape.n_imports };
        growing_finish(&making->arrays[MAP_TEXTS]);
        making->arrays[MAP_TEXTS] = making->texts.bytes;
        making->texts.bytes = growing_of(1, 0);
        for (int i = 0; i < MAP_ARRAYS; i++)
                head.n[i] = making->arrays[i].n;
        writer_bytes(out, &head, sizeof head);
        for (int i = 0; i < MAP_ARRAYS; i++)
                writer_bytes(out, making->arrays[i].at, (size_t)head.n[i] * map_sizes[i]);
}

/* The new file in place of the old one; what the compiler said of who may run it stays. */
static int replace(int folder, const char *name, const struct writer *out)
{
        OWNED(fd_closep) int fd = openat(folder, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
        size_t done = 0;
        while (fd >= 0 && done < out->len) {
                ssize_t n = write(fd, out->at + done, out->len - done);
                if (n < 0 && errno != EINTR)
                        return -errno;
                done += n > 0 ? (size_t)n : 0;
        }
        return fd < 0 ? -errno : 0;
}

static int read_file(int folder, const char *name, struct ward_span *ret)
{
        struct stat st;
        OWNED(fd_closep) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || !st.st_size || st.st_size > FILE_MAX)
                return -EFBIG;
        uint8_t *at = malloc((size_t)st.st_size);
        ssize_t n = at ? pread(fd, at, (size_t)st.st_size, 0) : 0;
        *ret = (struct ward_span){ at, n > 0 ? (size_t)n : 0 };
        return !at ? -ENOMEM : n < 0 ? -errno : 0;
}

static int write_all(struct making *making, int folder, const char *name)
{
        struct ward_span file = { 0 };
        struct writer map = { 0 }, out = { 0 };
        int r = read_file(folder, name, &file);
        if (!r)
                r = make(making, file);
        if (!r) {
                write_map(making, &map);
                /* What is no ELF file of the usual kind stays as it is, and has no map. */
                if (!map.failed && elf_replace(file, (struct ward_span){ map.at, map.len }, &out))
                        r = replace(folder, name, &out);
                else if (map.failed || out.failed)
                        r = -ENOMEM;
        }
        free((void *)(uintptr_t)file.at);
        writer_finish(&map);
        writer_finish(&out);
        return r;
}

int wasm_map_write(const struct wasm_module *module, const struct wasm_marked *marked, int folder, const char *file,
                   struct ward_fault *fault)
{
        OWNED(making_finish) struct making making = { .module = module, .marked = marked };
        int r = write_all(&making, folder, file);
        return r ? fault_set_errno(fault, WARD_FAULT_COMPILE, -r, "cannot write where an image's code comes from") : 0;
}
