/* An image's key: the SHA-256 of everything that went into it, in hexadecimal. */
#ifndef WASM_KEY_H
#define WASM_KEY_H

#include <stddef.h>
#include "base/span.h"
#include "wasm/seal.h"

/* The parts' lengths go in as well: moving a byte from one to the next makes another key. */
void wasm_key(const struct ward_span *parts, size_t n, char ret_key[WASM_KEY_LEN + 1]);

#endif
