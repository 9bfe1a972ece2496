/* Linear memories and tables: the part of struct wasm_runtime that allocates. */
#ifndef WASM_LINEAR_H
#define WASM_LINEAR_H

#include "wasm/instance.h"

/* What a 32-bit address and a 32-bit offset can reach, and a little more for the width of the access. All of it is reserved; only
 * the memory's size is accessible. */
#define WASM_RESERVATION ((8ull << 30) + (64 << 10))
#define WASM_PAGE        65536u

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
