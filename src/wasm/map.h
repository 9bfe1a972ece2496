/* Where an image's code comes from: of each address, the module's function and the offset of its instruction, and by the module's
 * own debugging information the source line. Made when the image is compiled, kept in its file, so that to report a trap is to look
 * into a table. Names are the author's: untrusted bytes, to be escaped by who shows them. */
#ifndef WASM_MAP_H
#define WASM_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ward/fault.h>
#include "base/span.h"
#include "wasm/cfi.h"
#include "wasm/marks.h"

/* --- Making it -------------------------------------------------------------------------------- */

/* Puts the map of @file in @folder into it, in place of the compiler's debugging information. @marked is what its lines are. */
int wasm_map_write(const struct wasm_module *module, const struct wasm_marked *marked, int folder, const char *file,
                   struct ward_fault *fault);

/* --- Asking it -------------------------------------------------------------------------------- */

struct wasm_map_head;

struct wasm_map {
        const struct wasm_map_head *head; /* NULL: there is none, nothing is known */
        void *mapping;
        size_t mapping_len;
};

/* Maps it out of an image's file, which was checked to be whole. An image without one has an empty map. */
void wasm_map_open(int fd, struct wasm_map *ret_map);
void wasm_map_close(struct wasm_map *map);

/* A function of the module, or one that its compiler has put into another. Texts lie in the map; "" is what is not known. */
struct wasm_spot {
        uint32_t offset;   /* of the instruction, in the module; of the function, where no more is known */
        uint32_t function; /* its index, imported functions counted */
        const char *name;
        const char *file;
        uint32_t line; /* 0: not known */
};

/* How the caller of the code at @pc is found. False: that is not known. Async-signal-safe. */
bool wasm_map_rule(const struct wasm_map *map, uint64_t pc, struct cfi_rule *ret_rule);

/* What the code at @pc, an offset in the image, is: innermost first, at most @max of them. @innermost is the offset of the
 * instruction, where more is known of it than of the code; else 0. Async-signal-safe. */
uint32_t wasm_map_find(const struct wasm_map *map, uint64_t pc, uint32_t innermost, struct wasm_spot *ret_spots, uint32_t max);

#endif
