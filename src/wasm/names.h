/* What a module's author calls its functions, and where its code comes from. All of it is untrusted text, and none of it is
 * necessary: what is malformed is as if it were not there. */
#ifndef WASM_NAMES_H
#define WASM_NAMES_H

#include "wasm/dwarf.h"
#include "wasm/module.h"

/* For each function, imported ones first, the number of its name in @texts: from the name section, else of an export, else 0. An
 * array for free(), or NULL. */
uint32_t *wasm_names_read(const struct wasm_module *module, struct texts *texts);

/* Places of the module's code; addresses are offsets in the module. 0, or -ENOMEM. */
int wasm_places_read(const struct wasm_module *module, struct texts *texts, struct dwarf_table *ret_table);

#endif
