/* Imports that the add-ins of a domain may not use, by name (ward_domain_options, ward_activate_options: denied_imports).
 *
 * They are refused at activation: where a module imports one, at kind `wasm`, whatever it is; where a library's tables list one, at
 * the kinds `direct` and `process`. A worker that calls one all the same is lying. */
#ifndef DOMAIN_DENIED_H
#define DOMAIN_DENIED_H

#include <stdbool.h>
#include <ward/host.h>
#include "domain/wasm_terms.h"

/* What one add-in may not use. */
struct denied {
        char **names;    /* owned, as are they; NULL-terminated */
        bool *imports;   /* for each import of the contract */
        bool *resources; /* for each of its resources: one of the host's in what is denied */
};

/* Copies a NULL-terminated list of names; NULL is an empty one, and gives NULL. */
int denied_copy(const char *const *names, char ***ret_names, struct ward_fault *fault);
/* Takes NULL, returns NULL. */
char **denied_names_free(char **names);

/* What is denied to all add-ins of a domain, and what to this one; NULL where that is nothing. */
int denied_new(const char *const *to_domain, const char *const *to_addin, const struct ward_contract *contract,
               struct denied **ret_denied, struct ward_fault *fault);
struct denied *denied_free(struct denied *denied);

/* Takes NULL. */
static inline bool denied_import(const struct denied *denied, uint32_t import)
{
        return denied && denied->imports[import];
}

static inline bool denied_resource(const struct denied *denied, uint32_t resource)
{
        return denied && denied->resources[resource];
}

/* Whether @module, from the file @path, imports what is denied, by whichever of its names (wasm_scheme.h). Takes NULL. */
int denied_check_module(const struct denied *denied, const struct wasm_contract_terms *terms, const struct wasm_module *module,
                        const char *path, struct ward_fault *fault);

#endif
