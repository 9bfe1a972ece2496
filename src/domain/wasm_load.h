/* From an add-in's file to its bound image: read, checked against the contract, compiled or found in the cache. */
#ifndef DOMAIN_WASM_LOAD_H
#define DOMAIN_WASM_LOAD_H

#include "domain/domain.h"
#include "marshal/marshal.h"
#include "wasm/binding.h"

/* The image of @instance->module, from file @image where that is not NULL, bound to its contract, with a reference, and how its
 * strings are encoded. It is one that checks addresses where the domain is for such. Compiling takes its own time, which @deadline
 * is moved by. */
int wasm_load_binding(const struct instance *instance, const char *image, uint64_t *deadline, struct wasm_binding **ret_binding,
                      enum marshal_encoding *ret_encoding, struct ward_fault *fault);

#endif
