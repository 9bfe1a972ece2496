/* Linear memories and tables: the part of struct wasm_runtime that allocates. */
#ifndef WASM_LINEAR_H
#define WASM_LINEAR_H

#include "wasm/instance.h"

#define WASM_PAGE 65536u

/* What a 32-bit address and an offset of at most @offset_max can reach, and a little more for the width of the access. All of it is
 * reserved; only the memory's size is accessible. Two sizes, so that areas are used again: most modules' offsets are addresses of
 * their data, and small; 47 bits of address space hold 32,640 of those, and 16,383 of the others. */
static inline uint64_t wasm_memory_reservation(uint32_t offset_max)
{
        return offset_max < (16u << 20) - WASM_PAGE ? (4ull << 30) + (16 << 20) : (8ull << 30) + WASM_PAGE;
}

/* Before the instance starts: what its memory takes of the address space, and its first size. 0 or a negative errno. */
int wasm_memory_reserve(struct wasm_instance *instance);

/* Within a run. */
void wasm_memory_new(struct wasm_memory *memory, uint32_t pages, uint32_t max_pages);
uint32_t wasm_memory_grow(struct wasm_memory *memory, uint32_t pages);
void wasm_memory_fill(void *to, int byte, uint64_t len);
void wasm_memory_copy(void *to, const void *from, uint64_t len);

void *wasm_table_new(uint32_t entries, uint32_t entry_size);
void *wasm_table_grow(void *table, uint32_t entries, uint32_t entry_size);

/* Gives everything back that the instance has of both. */
void wasm_memory_finish(struct wasm_instance *instance);

#endif
