/* The two ways in which the Canonical ABI's functions are called in a core module. Every module is in one of them; the host need
 * not know which.
 *
 *                      wasm_scheme_plain                           wasm_scheme_cm32p2
 *      an export       ns:pkg/iface@1.2.0#f, or f of the world     cm32p2|ns:pkg/iface@1|f, or cm32p2||f
 *      after it        cabi_post_ns:pkg/iface@1.2.0#f              cm32p2|ns:pkg/iface@1|f_post
 *      an import       ns:pkg/iface@1.2.0, or $root                cm32p2|ns:pkg/iface@1, or cm32p2
 *      of resources    [resource-drop]r, [export]ns:pkg/iface…     r_drop, cm32p2|_ex_ns:pkg/iface…
 *                      ns:pkg/iface@1.2.0#[dtor]r                  cm32p2|ns:pkg/iface@1|r_dtor
 *      for all         memory, cabi_realloc, _initialize           cm32p2_memory, cm32p2_realloc, cm32p2_initialize
 *
 * The first is what code generators wrote before there was a name for it; the second is the component model's build target wasm32
 * (BuildTargets.md), which keeps of a version what may not differ. */
#ifndef DOMAIN_WASM_SCHEME_H
#define DOMAIN_WASM_SCHEME_H

#include <stdbool.h>
#include "wasm/module.h"

struct wasm_scheme {
        const char *name; /* for faults */
        const char *memory, *realloc, *initialize;
        const char *root;         /* the module of the world's own imports */
        const char *import, *own; /* before an interface's name, for its functions, and for the resources that the module exports */
        const char *interface_export; /* before an interface's name in that of an export, */
        const char *divider;          /* and behind it */
        const char *root_export;      /* before the name of an export of the world itself */
        const char *post[2];          /* around an export's name */
        const char *dtor[2];          /* around a resource's name, as the next three are */
        const char *drop[2], *make[2], *rep[2];
        bool canonical; /* versions are cut to what must be the same */
};

extern const struct wasm_scheme wasm_scheme_plain, wasm_scheme_cm32p2;

/* The scheme that @module is in: cm32p2 if any name in it begins so. */
const struct wasm_scheme *wasm_scheme_of(const struct wasm_module *module);

/* Whether @name is of scheme cm32p2, whatever follows. */
bool wasm_scheme_is_cm32p2(struct ward_span name);

/* How many bytes of interface @name, of @len bytes, the scheme writes: "a:b/c@1.2.3+x" is "a:b/c@1" in the canonical one. */
int wasm_scheme_interface(const struct wasm_scheme *scheme, const char *name, int len);

#endif
