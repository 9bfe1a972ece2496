/* ward bindgen: a contract's world -> C. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "contract/abi.h"
#include "generate/generate.h"
#include "tool/bindgen_args.h"
#include "tool/command.h"
#include "tool/output.h"
#include "tool/read.h"

static int fail_world(const struct contract *contract, const char *name)
{
        const char *ns = contract->main->ns;
        size_t found = 0;
        fprintf(stderr, "%s: package %s:%s has ", contract->path, ns, contract->main->name);
        fprintf(stderr, name ? "no world '%s'" : "no single world%s", name ? name : "");
        for (size_t i = 0; i < contract->n_worlds; i++)
                if (contract->worlds[i]->package == contract->main)
                        fprintf(stderr, "%s%s", found++ ? ", " : "; choose one with --world: ", contract->worlds[i]->name);
        fputs(found ? "\n" : "; a world says what add-ins import and export\n", stderr);
        return EXIT_FAILED;
}

/* "t:p/i@1.0.0", as --rename has it, malloc'd. */
static char *interface_name(const struct wit_item *item)
{
        return item->name ? strdup(item->name) : wit_interface_id(item->interface);
}

static void print_interfaces(const struct wit_item *items, size_t n, const char **before)
{
        for (size_t i = 0; i < n; i++) {
                OWNED(freep) char *name = items[i].interface ? interface_name(&items[i]) : NULL;
                if (name)
                        fprintf(stderr, "%s%s", *before, name);
                if (name)
                        *before = ", ";
        }
}

static int fail_rename(const struct contract *contract, const struct wit_world *world, const char *interface)
{
        const char *before = ": it has ";
        fprintf(stderr, "%s: --rename %s: world %s has no interface of this name", contract->path, interface, world->name);
        print_interfaces(world->imports, world->n_imports, &before);
        print_interfaces(world->exports, world->n_exports, &before);
        fputc('\n', stderr);
        return EXIT_FAILED;
}

/* Whether there can be a view of @world. */
static int check(const struct bindgen_args *args, const struct contract *contract, const struct wit_world *world)
{
        OWNED(freep) char *why = wit_unbound(world);
        if (why) {
                fprintf(stderr, "%s: world %s cannot be bound: %s\n", contract->path, world->name, why);
                return EXIT_FAILED;
        }
        const struct generate_rename *idle = generate_idle_rename(world, &args->generate);
        return idle ? fail_rename(contract, world, idle->interface) : EXIT_DONE;
}

struct text {
        char *at;
        size_t len;
};

static int write_one(const char *folder, const char *stem, const char *ending, const struct text *text)
{
        OWNED(freep) char *name = NULL;
        if (asprintf(&name, "%s.%s", stem, ending) < 0)
                return name = NULL, -ENOMEM;
        return output_file(folder, name, text->at, text->len);
}

static int write_files(const char *folder, const char *stem, const struct text *header, const struct text *source)
{
        int r = output_folder(folder);
        if (!r)
                r = write_one(folder, stem, "h", header);
        if (!r)
                r = write_one(folder, stem, "c", source);
        if (!r)
                return EXIT_DONE;
        fprintf(stderr, "ward bindgen: cannot write %s.h and %s.c to %s: %s\n", stem, stem, folder, strerror(-r));
        return EXIT_FAILED;
}

static int generate(const struct bindgen_args *args, const struct contract *contract, const struct wit_world *world)
{
        struct text header = { 0 };
        struct text source = { 0 };
        FILE *h = open_memstream(&header.at, &header.len);
        FILE *c = open_memstream(&source.at, &source.len);
        if (h && c)
                generate_view(contract, world, args->side, &args->generate, h, c);
        bool whole = h && c && !ferror(h) && !ferror(c);
        whole &= h && !fclose(h);
        whole &= c && !fclose(c);
        OWNED(freep) char *stem = generate_stem(world, args->side);
        int status = EXIT_FAILED;
        if (whole)
                status = write_files(args->folder, stem, &header, &source);
        else
                fputs("ward bindgen: out of memory\n", stderr);
        free(header.at);
        free(source.at);
        return status;
}

static int run(const struct bindgen_args *args)
{
        struct contract *contract = read_contract("ward bindgen", args->contract, &args->read);
        if (!contract)
                return EXIT_FAILED;
        const struct wit_world *world = contract_world(contract, args->world);
        int status = world ? check(args, contract, world) : fail_world(contract, args->world);
        if (status == EXIT_DONE)
                status = generate(args, contract, world);
        contract_free(contract);
        return status;
}

int command_bindgen(int argc, char **argv)
{
        struct bindgen_args args = { .folder = "." };
        int status = bindgen_args_parse(&args, argc, argv);
        if (status == EXIT_DONE && args.help)
                status = bindgen_args_help() ? EXIT_DONE : EXIT_FAILED;
        else if (status == EXIT_DONE)
                status = run(&args);
        bindgen_args_finish(&args);
        return status;
}
