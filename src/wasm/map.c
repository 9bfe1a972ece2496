#include "wasm/map_parts.h"

#include <sys/mman.h>
#include <unistd.h>
#include "wasm/dwarf.h"
#include "wasm/elf.h"

/* --- Opening ---------------------------------------------------------------------------------- */

/* The hash has been compared, so that this is as it was written; it is cheap to be sure. */
static bool is_map(const struct wasm_map_head *head, uint64_t len)
{
        uint64_t needs = sizeof *head;
        if (len < sizeof *head || head->magic != WASM_MAP_MAGIC)
                return false;
        for (int i = 0; i < MAP_ARRAYS; i++)
                needs += (uint64_t)head->n[i] * map_sizes[i];
        return needs <= len && head->n[MAP_TEXTS];
}

void wasm_map_open(int fd, struct wasm_map *ret_map)
{
        uint64_t offset, len;
        *ret_map = (struct wasm_map){ 0 };
        if (!elf_find_map(fd, &offset, &len) || len > SIZE_MAX / 2)
                return;
        size_t before = offset & ((size_t)sysconf(_SC_PAGESIZE) - 1);
        void *at = mmap(NULL, before + len, PROT_READ, MAP_PRIVATE, fd, (off_t)(offset - before));
        if (at == MAP_FAILED)
                return;
        *ret_map = (struct wasm_map){ (const void *)((char *)at + before), at, before + len };
        if (!is_map(ret_map->head, len))
                wasm_map_close(ret_map);
}

void wasm_map_close(struct wasm_map *map)
{
        if (map->mapping)
                munmap(map->mapping, map->mapping_len);
        *map = (struct wasm_map){ 0 };
}

/* --- Looking up ------------------------------------------------------------------------------- */

static const void *array(const struct wasm_map *map, enum map_array which)
{
        const char *at = (const char *)(map->head + 1);
        for (enum map_array i = 0; i < which; i++)
                at += (size_t)map->head->n[i] * map_sizes[i];
        return at;
}

static const char *text(const struct wasm_map *map, uint32_t at)
{
        return at < map->head->n[MAP_TEXTS] ? (const char *)array(map, MAP_TEXTS) + at : "";
}

/* The last item whose first word is at most @value: its index and 1; 0: there is none. */
static uint32_t find(const struct wasm_map *map, enum map_array which, uint32_t value)
{
        const char *at = array(map, which);
        uint32_t low = 0, high = map->head->n[which];
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (*(const uint32_t *)(const void *)(at + (size_t)middle * map_sizes[which]) <= value)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static uint32_t find_code(const struct wasm_map *map, enum map_array which, uint64_t value)
{
        const struct map_code *codes = array(map, which);
        uint32_t found = value <= UINT32_MAX ? find(map, which, (uint32_t)value) : 0;
        return found ? codes[found - 1].frame : 0;
}

static uint32_t find_offset(const struct wasm_map *map, uint32_t offset, struct wasm_spot *spots, uint32_t max)
{
        uint32_t function = find(map, MAP_FUNCTIONS, offset), n = 0;
        if (!function || !max)
                return 0;
        const struct map_function *functions = array(map, MAP_FUNCTIONS);
        const struct dwarf_place *places = array(map, MAP_PLACES);
        const char *name = text(map, functions[function - 1].name);
        const struct wasm_spot here = {
                .offset = offset, .function = map->head->n_imports + function - 1, .name = name, .file = ""
        };
        uint32_t place = find_code(map, MAP_LINES, offset), before = map->head->n[MAP_PLACES] + 1;
        spots[n++] = here;
        for (; place && place < before && n <= max; before = place, place = places[place - 1].up) {
                struct wasm_spot *spot = &spots[n - 1];
                spot->file = text(map, places[place - 1].file);
                spot->line = places[place - 1].line;
                if (places[place - 1].up || !*spot->name)
                        spot->name = text(map, places[place - 1].name);
                if (!places[place - 1].up || n == max)
                        break;
                spots[n++] = here;
        }
        return n;
}

uint32_t wasm_map_find(const struct wasm_map *map, uint64_t pc, uint32_t innermost, struct wasm_spot *spots, uint32_t max)
{
        if (!map->head)
                return 0;
        const struct map_frame *frames = array(map, MAP_FRAMES);
        uint32_t frame = find_code(map, MAP_CODES, pc), before = map->head->n[MAP_FRAMES] + 1, n = 0;
        if (!frame && innermost)
                return find_offset(map, innermost, spots, max);
        for (; frame && frame < before && n < max; before = frame, frame = frames[frame - 1].up) {
                n += find_offset(map, innermost ? innermost : frames[frame - 1].offset, spots + n, max - n);
                innermost = 0;
        }
        return n;
}

bool wasm_map_rule(const struct wasm_map *map, uint64_t pc, struct cfi_rule *ret_rule)
{
        uint32_t found = map->head && pc <= UINT32_MAX ? find(map, MAP_RULES, (uint32_t)pc) : 0;
        if (!found)
                return false;
        *ret_rule = ((const struct cfi_rule *)array(map, MAP_RULES))[found - 1];
        return ret_rule->base != CFI_UNKNOWN;
}
