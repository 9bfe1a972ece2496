/* Reading a contract: texts separated by NUL bytes, the first the contract's own package, each other one a package in its deps/. A
 * text that was read must have a model that can be walked. */
#include <stdlib.h>
#include <string.h>

#include "contract/contract.h"
#include "contract/read.h"
#include "contract/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct wit_type *type)
{
        size_t n = 1;
        if (type->element)
                n += walk(type->element);
        if (type->error)
                n += walk(type->error);
        for (size_t i = 0; i < type->n_members; i++)
                if (type->members[i].type)
                        n += walk(type->members[i].type);
        return n;
}

static void check(const struct contract *contract)
{
        for (size_t i = 0; i < contract->n_types; i++)
                if (contract->types[i]->index != i || walk(contract->types[i]) > contract->types[i]->parts ||
                    wit_resolve(contract->types[i])->kind == WIT_ALIAS)
                        abort();
        for (size_t i = 0; i < contract->n_worlds; i++)
                for (size_t j = 0; j < contract->worlds[i]->n_imports; j++)
                        if (!contract->worlds[i]->imports[j].func == !contract->worlds[i]->imports[j].interface)
                                abort();
        if (!contract->main)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct sources sources = { 0 };
        struct contract_error error = { 0 };
        const char *at = (const char *)data, *end = at + size;
        char *failed = NULL;
        for (size_t group = 0; !failed && group < 8; group++) {
                size_t len = strnlen(at, (size_t)(end - at));
                failed = sources_add(&sources, group, "fuzz.wit", at, len);
                if (at + len == end)
                        break;
                at += len + 1;
        }
        sources_error_free(failed);
        struct contract *contract = contract_read_sources(&sources, "fuzz.wit", NULL, &error);
        if (contract)
                check(contract);
        else if (!error.text)
                abort();
        free(error.text);
        contract_free(contract);
        return 0;
}
