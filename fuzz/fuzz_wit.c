/* Reading a contract: texts separated by NUL bytes, the first the contract's own package, each other one a package in its deps/. A
 * text that was read must have a model that can be walked, and be printed as text that reads and prints the same. */
#include <stdlib.h>
#include <string.h>

#include "contract/abi.h"
#include "contract/contract.h"
#include "contract/print.h"
#include "contract/read.h"
#include "contract/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct wit_type *type)
{
        size_t n = 1;
        if (!type)
                return 0;
        n += walk(type->key) + walk(type->element) + walk(type->error);
        for (size_t i = 0; i < type->n_members; i++)
                n += walk(type->members[i].type);
        return n;
}

static void require(bool holds)
{
        if (!holds)
                abort();
}

static bool is_listed(const struct contract *contract, const struct wit_type *type)
{
        return wit_is_primitive(type) ? type->index == WIT_NONE
                                      : type->index < contract->n_types && contract->types[type->index] == type;
}

static void check_func(const struct contract *contract, const struct wit_func *func)
{
        for (size_t i = 0; i < func->n_params; i++)
                require(is_listed(contract, func->params[i].type));
        require(!func->result || is_listed(contract, func->result));
        require((func->kind != WIT_FREESTANDING) == (func->resource != NULL));
        require(!func->resource || wit_resolve(func->resource)->kind == WIT_RESOURCE);
        char *core = wit_core(func, false), *signature = wit_signature(func);
        require(core && signature);
        free(core);
        free(signature);
}

static void check_items(const struct contract *contract, const struct wit_item *items, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                require(!!items[i].func + !!items[i].interface + !!items[i].type == 1);
                if (items[i].func)
                        check_func(contract, items[i].func);
                if (items[i].interface)
                        require(contract->interfaces[items[i].interface->index] == items[i].interface);
                require(!items[i].type || is_listed(contract, items[i].type));
        }
}

static void check(const struct contract *contract)
{
        require(contract->main);
        for (size_t i = 0; i < contract->n_types; i++) {
                const struct wit_type *type = contract->types[i];
                require(is_listed(contract, type) && walk(type) <= type->parts);
                require(wit_resolve(type)->kind != WIT_ALIAS);
                require((type->kind != WIT_OWN && type->kind != WIT_BORROW) || wit_resolve(type->element)->kind == WIT_RESOURCE);
        }
        for (size_t i = 0; i < contract->n_interfaces; i++)
                for (size_t j = 0; j < contract->interfaces[i]->n_funcs; j++)
                        check_func(contract, contract->interfaces[i]->funcs[j]);
        for (size_t i = 0; i < contract->n_worlds; i++) {
                check_items(contract, contract->worlds[i]->imports, contract->worlds[i]->n_imports);
                check_items(contract, contract->worlds[i]->exports, contract->worlds[i]->n_exports);
        }
}

/* Malloc'd. @world: only that one, or NULL. */
static char *print(const struct contract *contract, const struct wit_world *world)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        require(out);
        if (world)
                contract_print_world(contract, world, out);
        else
                contract_print(contract, out);
        require(!fclose(out));
        return text;
}

static size_t count_funcs(const struct contract *contract)
{
        size_t n = 0;
        for (size_t i = 0; i < contract->n_interfaces; i++)
                n += contract->interfaces[i]->n_funcs;
        for (size_t i = 0; i < contract->n_worlds; i++)
                for (size_t j = 0; j < contract->worlds[i]->n_imports; j++)
                        n += contract->worlds[i]->imports[j].func != NULL;
        return n;
}

/* Takes @text. It may have become too long to be read: what worlds include is written out in each. */
static void check_printed(char *text, const struct contract *whole, const char *world, const struct contract_options *options)
{
        struct contract_error error = { 0 };
        if (strlen(text) < SOURCE_BYTES_MAX) {
                struct contract *contract = contract_read_text("printed.wit", text, strlen(text), options, &error);
                require(contract && (!whole || count_funcs(contract) == count_funcs(whole)));
                char *again = print(contract, world ? contract_world(contract, world) : NULL);
                require(!strcmp(again, text));
                free(again);
                contract_free(contract);
        }
        free(text);
}

static void check_print(const struct contract *contract, const struct contract_options *options)
{
        check_printed(print(contract, NULL), contract, NULL, options);
        for (size_t i = 0; i < contract->n_worlds && i < 4; i++)
                check_printed(print(contract, contract->worlds[i]), NULL, contract->worlds[i]->name, NULL);
}

static void try(const char *at, const char *end, const struct contract_options *options)
{
        struct sources sources = { 0 };
        struct contract_error error = { 0 };
        char *failed = NULL;
        for (size_t group = 0; !failed && group < 8; group++) {
                size_t len = strnlen(at, (size_t)(end - at));
                failed = sources_add(&sources, group, "fuzz.wit", at, len);
                if (at + len == end)
                        break;
                at += len + 1;
        }
        sources_error_free(failed);
        struct contract *contract = contract_read_sources(&sources, "fuzz.wit", options, &error);
        if (contract) {
                check(contract);
                check_print(contract, options);
        }
        require(!contract == (error.text != NULL) && !contract == (error.n != 0));
        free(error.text);
        contract_free(contract);
}

/* What is gated is there once, and once it is not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct contract_options all = { .all_features = true };
        const char *at = (const char *)data;
        try(at, at + size, NULL);
        if (memmem(at, size, "@unstable", strlen("@unstable")))
                try(at, at + size, &all);
        return 0;
}
