#include "domain/denied.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"

static int no_memory(struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the names of denied imports");
}

/* --- Lists ------------------------------------------------------------------------------------ */

static size_t length(const char *const *names)
{
        size_t n = 0;
        while (names && names[n])
                n++;
        return n;
}

char **denied_names_free(char **names)
{
        for (size_t i = 0; names && names[i]; i++)
                free(names[i]);
        free(names);
        return NULL;
}

/* One behind the other. */
static char **join(const char *const *first, const char *const *second)
{
        size_t n = length(first);
        char **names = calloc(n + length(second) + 1, sizeof *names);
        for (size_t i = 0; names && i < n + length(second); i++) {
                names[i] = strdup(i < n ? first[i] : second[i - n]);
                if (!names[i])
                        return denied_names_free(names);
        }
        return names;
}

int denied_copy(const char *const *names, char ***ret_names, struct ward_fault *fault)
{
        char **copy = length(names) ? join(names, NULL) : NULL;
        if (length(names) && !copy)
                return no_memory(fault);
        *ret_names = copy;
        return 0;
}

/* --- What they name --------------------------------------------------------------------------- */

/* "a:b/c@1.0.0#f" in its parts, which a module says one by one; what is of the world itself has the last one only. */
struct name {
        struct ward_span parts[3];
};

static struct name name_of(struct ward_span module, struct ward_span field)
{
        const struct ward_span none = span_of("");
        bool root = span_is(module, "$root");
        return (struct name){ { root ? none : module, root ? none : span_of("#"), field } };
}

/* Of a function or resource, as contracts have it. */
static struct name name_in_contract(const char *text)
{
        const char *hash = strchr(text, '#');
        if (!hash)
                return name_of(span_of("$root"), span_of(text));
        return name_of((struct ward_span){ (const uint8_t *)text, (size_t)(hash - text) }, span_of(hash + 1));
}

/* Whether @name begins with @text. */
static bool begins(const struct name *name, struct ward_span text)
{
        for (size_t i = 0; i < 3; i++) {
                struct ward_span part = name->parts[i];
                size_t n = text.len < part.len ? text.len : part.len;
                if (memcmp(text.at, part.at, n) != 0)
                        return false;
                text.at += n;
                text.len -= n;
        }
        return !text.len;
}

/* What is denied is this function, or its interface, or all that begins so. */
static bool matches(const struct name *name, struct ward_span denied)
{
        size_t module = name->parts[0].len, whole = module + name->parts[1].len + name->parts[2].len;
        bool star = denied.len && denied.at[denied.len - 1] == '*';
        denied.len -= star;
        return begins(name, denied) && (star || denied.len == whole || (module && denied.len == module));
}

static bool is_denied(char *const *names, const struct name *name)
{
        for (size_t i = 0; names[i]; i++)
                if (matches(name, span_of(names[i])))
                        return true;
        return false;
}

/* --- Of an add-in ----------------------------------------------------------------------------- */

struct denied *denied_free(struct denied *denied)
{
        if (denied) {
                denied_names_free(denied->names);
                free(denied->imports);
                free(denied->resources);
                free(denied);
        }
        return NULL;
}

int denied_new(const char *const *to_domain, const char *const *to_addin, const struct ward_contract *contract,
               struct denied **ret_denied, struct ward_fault *fault)
{
        *ret_denied = NULL;
        if (!length(to_domain) && !length(to_addin))
                return 0;
        struct denied *denied = calloc(1, sizeof *denied);
        if (denied) {
                denied->names = join(to_domain, to_addin);
                denied->imports = calloc((size_t)contract->n_imports + 1, sizeof *denied->imports);
                denied->resources = calloc((size_t)contract->n_resources + 1, sizeof *denied->resources);
        }
        if (!denied || !denied->names || !denied->imports || !denied->resources) {
                denied_free(denied);
                return no_memory(fault);
        }
        for (uint32_t i = 0; i < contract->n_imports; i++) {
                const struct name name = name_in_contract(contract->imports[i].func->name);
                denied->imports[i] = is_denied(denied->names, &name);
        }
        for (uint32_t i = 0; i < contract->n_resources; i++) {
                const struct ward_resource *resource = contract->resources[i].resource;
                const struct name name = name_in_contract(resource->name);
                denied->resources[i] = !resource->by_addin && is_denied(denied->names, &name);
        }
        *ret_denied = denied;
        return 0;
}

/* What is asked of Ward for the module's own resources. */
static bool is_of_its_own(struct ward_span module)
{
        const struct ward_span prefix = span_of("[export]");
        return module.len >= prefix.len && !memcmp(module.at, prefix.at, prefix.len);
}

int denied_check_module(const struct denied *denied, const struct wasm_contract_terms *terms, const struct wasm_module *module,
                        const char *path, struct ward_fault *fault)
{
        for (uint32_t i = 0; denied && i < wasm_module_shape(module)->n_imports; i++) {
                const struct wasm_function import = wasm_terms_import(terms, module, i);
                const struct name name = name_of(import.module, import.name);
                if (is_of_its_own(import.module))
                        continue;
                if (is_denied(denied->names, &name))
                        return fault_set(fault, WARD_FAULT_REFUSED, "module '%s' imports '%.*s%.*s%.*s', which is denied to it",
                                         path, (int)name.parts[0].len, (const char *)name.parts[0].at, (int)name.parts[1].len,
                                         (const char *)name.parts[1].at, (int)name.parts[2].len, (const char *)name.parts[2].at);
        }
        return 0;
}
