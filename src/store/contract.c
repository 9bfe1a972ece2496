/* The contract that is embedded: its head, its WIT, and whether both say the same. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "contract/abi.h"
#include "store/parts.h"

enum { SHOWN_MAX = 200 };

/* --- What the head has to say ----------------------------------------------------------------- */

static void print_func(FILE *out, const char *way, const struct wit_item *item, const struct wit_func *func)
{
        OWNED(freep) char *id = wit_item_func_id(item, func), *signature = wit_signature(func);
        fprintf(out, "%s func %s %s\n", way, id ? id : "", signature ? signature : "");
}

static void print_resource(FILE *out, const char *way, const struct wit_item *item, const struct wit_type *type)
{
        OWNED(freep) char *id = type->kind == WIT_RESOURCE ? wit_item_resource_id(item, type) : NULL;
        if (type->kind == WIT_RESOURCE)
                fprintf(out, "%s resource %s\n", way, id ? id : "");
}

static void print_items(FILE *out, const char *way, const struct wit_item *items, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct wit_interface *interface = items[i].interface;
                if (items[i].func)
                        print_func(out, way, &items[i], items[i].func);
                if (items[i].type)
                        print_resource(out, way, &items[i], items[i].type);
                for (size_t k = 0; interface && k < interface->n_funcs; k++)
                        print_func(out, way, &items[i], interface->funcs[k]);
                for (size_t k = 0; interface && k < interface->n_types; k++)
                        print_resource(out, way, &items[i], interface->types[k]);
        }
}

/* The lines for @world, each with its newline. NULL without memory. */
static char *expected_lines(const struct wit_world *world, size_t *ret_len)
{
        char *text = NULL;
        FILE *out = open_memstream(&text, ret_len);
        if (!out)
                return NULL;
        print_items(out, "export", world->exports, world->n_exports);
        print_items(out, "import", world->imports, world->n_imports);
        bool whole = !ferror(out);
        if (!fclose(out) && whole)
                return text;
        free(text);
        return NULL;
}

/* --- Whether it does -------------------------------------------------------------------------- */

struct lines {
        struct ward_span *at;
        size_t n;
};

static int compare(const void *a, const void *b)
{
        const struct ward_span *x = a, *y = b;
        int r = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);
        return r ? r : (x->len > y->len) - (x->len < y->len);
}

/* Their order means nothing. Empty lines are left out. */
static bool sort_lines(struct ward_span text, struct lines *lines)
{
        lines->at = calloc(text.len / 2 + 1, sizeof *lines->at);
        if (!lines->at)
                return false;
        for (const uint8_t *at = text.at, *end = at + text.len, *newline; at < end; at = newline + 1) {
                newline = memchr(at, '\n', (size_t)(end - at));
                if (newline != at)
                        lines->at[lines->n++] = (struct ward_span){ at, (size_t)(newline - at) };
        }
        qsort(lines->at, lines->n, sizeof *lines->at, compare);
        return true;
}

static int differ(const char *path, const char *what, struct ward_span line, struct ward_fault *fault)
{
        return fault_set(fault, WARD_FAULT_CONTRACT,
                         "module '%s': its contract says two things: %s '%.*s'; generate its view again", path, what,
                         (int)(line.len < SHOWN_MAX ? line.len : SHOWN_MAX), (const char *)line.at);
}

static int compare_lines(const struct lines *head, const struct lines *wit, const char *path, struct ward_fault *fault)
{
        for (size_t i = 0; i < head->n || i < wit->n; i++) {
                int order = i == head->n ? 1 : i == wit->n ? -1 : compare(&head->at[i], &wit->at[i]);
                if (order)
                        return order < 0 ? differ(path, "its WIT does not have", head->at[i], fault)
                                         : differ(path, "only its WIT has", wit->at[i], fault);
        }
        return 0;
}

static int check_head(const struct store_addin *addin, const char *path, struct ward_fault *fault)
{
        struct lines head = { 0 }, wit = { 0 };
        size_t len = 0;
        OWNED(freep) char *expected = expected_lines(addin->world, &len);
        int r = 0;
        if (!expected || !sort_lines(addin->embedded.entries, &head) ||
            !sort_lines((struct ward_span){ (const uint8_t *)expected, len }, &wit))
                r = fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot read the contract of '%s'", path);
        if (!r)
                r = compare_lines(&head, &wit, path, fault);
        free(head.at);
        free(wit.at);
        return r;
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* The first line of @error says where and what; the others are for a terminal. */
static int bad_wit(const char *path, const struct contract_error *error, struct ward_fault *fault)
{
        const char *text = error->text ? error->text : "out of memory";
        return fault_set(fault, WARD_FAULT_CONTRACT, "module '%s': its contract cannot be read: %.*s", path,
                         (int)strcspn(text, "\n"), text);
}

static const struct wit_world *find_world(const struct contract *contract, struct ward_span name)
{
        for (size_t i = 0; i < contract->n_worlds; i++) {
                OWNED(freep) char *id = wit_world_id(contract->worlds[i]);
                if (id && span_is(name, id))
                        return contract->worlds[i];
        }
        return NULL;
}

int contract_keep(struct ward_span text, const char *path, struct store_addin *addin, struct ward_fault *fault)
{
        struct contract_error error = { 0 };
        if (addin->text)
                return fault_set(fault, WARD_FAULT_CONTRACT, "module '%s' carries two contracts", path);
        addin->text = malloc(text.len + 1);
        if (!addin->text)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot read the contract of '%s'", path);
        if (text.len)
                memcpy(addin->text, text.at, text.len);
        int r = embedded_read((struct ward_span){ (const uint8_t *)addin->text, text.len }, path, &addin->embedded, fault);
        if (r)
                return r;
        struct ward_span wit = addin->embedded.wit;
        const struct contract_options all = { .all_features = true }; /* what was left out is not there */
        addin->contract = contract_read_text("contract", (const char *)wit.at, wit.len, &all, &error);
        if (!addin->contract)
                r = bad_wit(path, &error, fault);
        free(error.text);
        if (r)
                return r;
        addin->world = find_world(addin->contract, addin->embedded.world);
        return addin->world ? check_head(addin, path, fault)
                            : differ(path, "its WIT does not have world", addin->embedded.world, fault);
}
