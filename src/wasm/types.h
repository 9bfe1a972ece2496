/* Numbers for function signatures, while an image is loaded: equal signatures get equal numbers, which is what an indirect call
 * compares. None is 0. They mean nothing outside of their image. */
#ifndef WASM_TYPES_H
#define WASM_TYPES_H

#include <stdbool.h>
#include <stdint.h>

struct wasm_types;

struct wasm_types *wasm_types_new(void);
/* NULL is fine. Returns NULL. */
struct wasm_types *wasm_types_free(struct wasm_types *types);
/* The signature's number; of no meaning once memory ran out, which wasm_types_failed tells. @types is a struct wasm_types. */
uint32_t wasm_types_number(void *types, const uint8_t *signature, uint32_t len);
bool wasm_types_failed(const struct wasm_types *types);

#endif
