#include "domain/wasm_scheme.h"

#include <string.h>

const struct wasm_scheme wasm_scheme_plain = {
        .name = "ns:pkg/iface#f",
        .memory = "memory",
        .realloc = "cabi_realloc",
        .initialize = "_initialize",
        .root = "$root",
        .import = "",
        .own = "[export]",
        .interface_export = "",
        .divider = "#",
        .root_export = "",
        .post = { "cabi_post_", "" },
        .dtor = { "[dtor]", "" },
        .drop = { "[resource-drop]", "" },
        .make = { "[resource-new]", "" },
        .rep = { "[resource-rep]", "" },
};

#define PREFIX "cm32p2"

const struct wasm_scheme wasm_scheme_cm32p2 = {
        .name = PREFIX,
        .memory = PREFIX "_memory",
        .realloc = PREFIX "_realloc",
        .initialize = PREFIX "_initialize",
        .root = PREFIX,
        .import = PREFIX "|",
        .own = PREFIX "|_ex_",
        .interface_export = PREFIX "|",
        .divider = "|",
        .root_export = PREFIX "||",
        .post = { "", "_post" },
        .dtor = { "", "_dtor" },
        .drop = { "", "_drop" },
        .make = { "", "_new" },
        .rep = { "", "_rep" },
        .canonical = true,
};

bool wasm_scheme_is_cm32p2(struct ward_span name)
{
        size_t len = strlen(PREFIX);
        if (name.len < len || memcmp(name.at, PREFIX, len) != 0)
                return false;
        return name.len == len || name.at[len] == '|' || name.at[len] == '_';
}

const struct wasm_scheme *wasm_scheme_of(const struct wasm_module *module)
{
        struct wasm_function export;
        for (uint32_t i = 0; i < wasm_module_shape(module)->n_imports; i++)
                if (wasm_scheme_is_cm32p2(wasm_module_import(module, i).module))
                        return &wasm_scheme_cm32p2;
        for (uint32_t i = 0; i < wasm_module_n_exports(module); i++)
                if (wasm_module_export(module, i, &export) && wasm_scheme_is_cm32p2(export.name))
                        return &wasm_scheme_cm32p2;
        return &wasm_scheme_plain;
}

/* How much of "1.2.3-rc.1+build" tells versions apart that are not compatible: that without the build if there is a prerelease,
 * else up to the first number that is not 0, which may be the last. */
static int version_length(const char *version, int len)
{
        int at = 0;
        for (int i = 0; i < len && version[i] != '+'; i++)
                if (version[i] == '-')
                        return (int)strcspn(version, "+") < len ? (int)strcspn(version, "+") : len;
        for (int part = 0; part < 3 && at < len; part++) {
                bool is_zero = version[at] == '0';
                while (at < len && version[at] != '.' && version[at] != '+')
                        at++;
                if (!is_zero || at == len || version[at] == '+')
                        break;
                at += part < 2;
        }
        return at;
}

int wasm_scheme_interface(const struct wasm_scheme *scheme, const char *name, int len)
{
        const char *at = scheme->canonical ? memchr(name, '@', (size_t)len) : NULL;
        if (!at)
                return len;
        int before = (int)(at + 1 - name);
        return before + version_length(at + 1, len - before);
}
