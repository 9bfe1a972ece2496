#include "host/lookup.h"

#include <string.h>
#include <unistd.h>
#include "base/fault.h"
#include "domain/kind.h"
#include "domain/libraries.h"

/* What the host says about why, with nothing in it that its own log could not stand. */
static int refused(const char *what, const char *name, int r, const struct ward_fault *why, struct ward_fault *fault)
{
        enum ward_fault_kind kind =
                -r > WARD_FAULT_NONE && -r <= WARD_FAULT_CANCELLED ? (enum ward_fault_kind) - r : WARD_FAULT_USAGE;
        size_t len = strnlen(why->text, sizeof why->text);
        if (!len)
                return fault_set(fault, kind, "the host refused to find %s '%s'", what, name);
        return fault_set(fault, kind, "%.*s", (int)len, why->text);
}

static void give_back(const struct ward_module *module)
{
        if (module->release)
                module->release(module->release_data, module);
}

/* 0: it is in @module; 1: nobody knows it. @by: NULL, or who needs the library @name. */
static int ask(const struct domains *domains, const char *name, const char *by, const struct ward_activate_options *options,
               struct ward_module *module, struct ward_fault *fault)
{
        const struct ward_lookup what = { .size = sizeof what,
                                          .name = name,
                                          .isolation = options->domain ? options->domain->kind->isolation : options->isolation,
                                          .domain = options->domain,
                                          .needed_by = by };
        struct ward_fault why = { .kind = WARD_FAULT_NONE };
        module->size = sizeof *module;
        int r = domains->resolve(domains->resolve_data, &what, module, &why);
        if (r)
                *module = (struct ward_module){ 0 };
        if (r < 0)
                return refused(by ? "library" : "module", name, r, &why, fault);
        if (!r && !module->path == !module->bytes) {
                const char *given = module->path ? "both a path and bytes" : "neither a path nor bytes";
                give_back(module);
                return fault_set(fault, WARD_FAULT_USAGE, "what resolves names for the host gave %s for '%s'", given, name);
        }
        return r;
}

static bool is_name(const char *module)
{
        return !strchr(module, '/');
}

int lookup_begin(struct domains *domains, const char *module, const struct ward_activate_options *options,
                 struct lookup *ret_lookup, struct ward_fault *fault)
{
        struct lookup lookup = { .source.path = module };
        bool there = !domains->resolve || !access(module, F_OK); /* nobody is asked: whether it is there shows when it is read */
        if (domains->resolve && (is_name(module) || !there)) {
                int r = ask(domains, module, NULL, options, &lookup.module, fault);
                if (r < 0)
                        return r;
                if (r && !there)
                        return fault_set(fault, WARD_FAULT_MODULE,
                                         "module '%s' is no file, and the host knows no add-in of that name", module);
        }
        if (lookup.module.path)
                lookup.source.path = lookup.module.path;
        lookup.source.image = (struct ward_span){ lookup.module.bytes, lookup.module.len };
        *ret_lookup = lookup;
        return 0;
}

static int ask_library(struct domains *domains, const char *name, const char *by, const struct ward_activate_options *options,
                       struct ward_module *ret_module, struct ward_fault *fault)
{
        return ask(domains, name, by, options, ret_module, fault);
}

int lookup_libraries(struct domains *domains, const struct ward_activate_options *options, struct lookup *lookup,
                     struct ward_fault *fault)
{
        return libraries_find(domains, &lookup->source, options, domains->resolve ? ask_library : NULL, &lookup->source.libraries,
                              fault);
}

void lookup_end(struct lookup *lookup)
{
        needed_finish(&lookup->source.libraries);
        give_back(&lookup->module);
}
