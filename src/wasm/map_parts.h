/* How a map lies in an image's file: this, then the arrays that it counts, one behind the other, then the texts. Numbers are of the
 * machine's order, as the code beside it is the machine's. */
#ifndef WASM_MAP_PARTS_H
#define WASM_MAP_PARTS_H

#include "wasm/map.h"

#define WASM_MAP_MAGIC 0x314d5257u /* "WRM1" */

enum map_array {
        MAP_CODES,     /* struct map_code, sorted */
        MAP_FRAMES,    /* struct map_frame */
        MAP_FUNCTIONS, /* struct map_function, sorted */
        MAP_LINES,     /* struct map_code, sorted: of offsets in the module, and places */
        MAP_PLACES,    /* struct dwarf_place */
        MAP_RULES,     /* struct cfi_rule, sorted */
        MAP_TEXTS,     /* char; the last one is 0 */
        MAP_ARRAYS,
};

struct wasm_map_head {
        uint32_t magic;
        uint32_t n_imports;
        uint32_t n[MAP_ARRAYS];
};

/* From @at on; up to the next one. */
struct map_code {
        uint32_t at;
        uint32_t frame; /* or place: its index and 1; 0: nothing is known */
};

/* An instruction of the module; where it is in a function that the C compiler has put into another, @up is the call. */
struct map_frame {
        uint32_t offset;
        uint32_t up; /* a smaller index, and 1; 0: none */
};

struct map_function {
        uint32_t offset;
        uint32_t name;
};

static const uint8_t map_sizes[MAP_ARRAYS] = { 8, 8, 8, 8, 16, 16, 1 };

#endif
