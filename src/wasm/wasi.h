/* WASI preview 1, as much of it as a program needs that computes: arguments, environment, clocks, random numbers, the standard
 * streams, sleep, exit. There are no files. Standard output and error are the host's; standard input is empty.
 *
 * 1. wasi_new  2. wasi_offers, among a module's offers  3. wasi_call for each call of one  4. wasi_free */
#ifndef WASM_WASI_H
#define WASM_WASI_H

#include <stdint.h>
#include <ward/fault.h>
#include "wasm/module.h"
#include "wasm/runtime.h"

enum { WASI_FUNCTIONS = 16 };

struct wasi;

/* Copies both lists, which are NULL-terminated, or NULL for none. */
int wasi_new(const char *const *arguments, const char *const *environment, struct wasi **ret_wasi, struct ward_fault *fault);
/* NULL is fine. Returns NULL. */
struct wasi *wasi_free(struct wasi *wasi);

void wasi_offers(struct wasm_offer ret_offers[WASI_FUNCTIONS]);

/* Serves function number @number, on the thread that runs @instance. A negative fault kind ends the call. */
int wasi_call(const struct wasi *wasi, uint32_t number, struct wasm_instance *instance, const char *addin, uint64_t *slots,
              struct ward_fault *fault);

#endif
