#include "generate/embed.h"
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "contract/abi.h"
#include "contract/print.h"

/* Without memory a generator has nothing better to do than to abort. */
static void *need(void *made)
{
        if (!made)
                abort();
        return made;
}

static void print_func(FILE *out, const char *way, const struct wit_item *item, const struct wit_func *func)
{
        OWNED(freep) char *id = need(wit_item_func_id(item, func));
        OWNED(freep) char *signature = need(wit_signature(func));
        fprintf(out, "%s func %s %s\n", way, id, signature);
}

static void print_resource(FILE *out, const char *way, const struct wit_item *item, const struct wit_type *type)
{
        if (type->kind != WIT_RESOURCE)
                return;
        OWNED(freep) char *id = need(wit_item_resource_id(item, type));
        fprintf(out, "%s resource %s\n", way, id);
}

static void print_funcs(FILE *out, const char *way, const struct wit_item *items, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (items[i].func)
                        print_func(out, way, &items[i], items[i].func);
                for (size_t k = 0; items[i].interface && k < items[i].interface->n_funcs; k++)
                        print_func(out, way, &items[i], items[i].interface->funcs[k]);
        }
}

static void print_resources(FILE *out, const char *way, const struct wit_item *items, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (items[i].type)
                        print_resource(out, way, &items[i], items[i].type);
                for (size_t k = 0; items[i].interface && k < items[i].interface->n_types; k++)
                        print_resource(out, way, &items[i], items[i].interface->types[k]);
        }
}

char *embed_text(const struct contract *contract, const struct wit_world *world, bool utf16)
{
        char *text = NULL;
        size_t len = 0;
        FILE *out = need(open_memstream(&text, &len));
        OWNED(freep) char *id = need(wit_world_id(world));
        fprintf(out, "ward-contract 1\nworld %s\nencoding %s\n", id, utf16 ? "utf16" : "utf8");
        print_funcs(out, "export", world->exports, world->n_exports);
        print_funcs(out, "import", world->imports, world->n_imports);
        print_resources(out, "export", world->exports, world->n_exports);
        print_resources(out, "import", world->imports, world->n_imports);
        fputc('\n', out);
        contract_print_world(contract, world, out);
        bool whole = !ferror(out);
        if (fclose(out) || !whole)
                abort();
        return text;
}

/* Twice inside quotes: the assembler's, and C's, where a question mark may begin a trigraph. */
static void print_quoted(FILE *out, const char *line, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)line[i];
                if (c == '"' || c == '\\' || c == '?' || c < ' ' || c > '~')
                        fprintf(out, "\\\\%03o", c);
                else
                        fputc(c, out);
        }
}

void embed_write(FILE *out, const char *text)
{
        fputs("\n/* The contract that this add-in claims to implement, read without running it. */\n"
              "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
              "__asm__(WARD_CONTRACT_BEGIN\n",
              out);
        while (*text) {
                size_t len = strcspn(text, "\n");
                fputs("        \".ascii \\\"", out);
                print_quoted(out, text, len);
                text += len + (text[len] == '\n');
                fprintf(out, "%s\\\"\\n\"\n", text[-1] == '\n' ? "\\\\n" : "");
        }
        fputs("        WARD_CONTRACT_END);\n", out);
}
