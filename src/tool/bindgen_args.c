#include "tool/bindgen_args.h"
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tool/command.h"
#include "tool/read.h"

static const char usage[] = "Usage: ward bindgen CONTRACT --host|--addin [-o DIR] [--world NAME] [OPTION]...\n";

static const char help[] = "\n"
                           "Reads a contract and writes a view of it: a C header and a C source.\n"
                           "CONTRACT is a .wit file, or a folder of them, with packages that it uses under deps/.\n"
                           "\n"
                           "  --addin               for who implements the contract: WORLD.h and WORLD.c. Define the\n"
                           "                        functions that begin with exports_; names and ownership are those of\n"
                           "                        wit-bindgen's C bindings. Compile both files into a shared library, or\n"
                           "                        with clang --target=wasm32-wasi -mexec-model=reactor into a\n"
                           "                        WebAssembly module\n"
                           "  --host                for who calls it: WORLD_host.h and WORLD_host.c. Call WORLD_activate,\n"
                           "                        then the functions of the contract; link with libward\n"
                           "  -o, --output DIR      where to write; made if it is missing (default: the current folder)\n"
                           "\n"
                           "Which part of the contract:\n"
                           "  --world NAME          which world; needed where the package has more than one\n"
                           "  --features NAMES      switch on what is behind @unstable(feature = NAME); names are separated\n"
                           "                        by commas, and the option may be given again\n"
                           "  --all-features        switch on all of it\n"
                           "\n"
                           "How it looks in C. Host and add-in need not agree on these:\n"
                           "  --rename IFACE=NAME   C names of interface IFACE (example:shop/basket@1.0.0, or what the world\n"
                           "                        calls it) begin with NAME; the option may be given again\n"
                           "  --string-encoding utf8|utf16\n"
                           "                        what strings are made of (default: utf8)\n"
                           "  --ownership owning|borrowing\n"
                           "                        what an add-in's functions are given. owning: their own copies, each\n"
                           "                        string and list a block of malloc for them to free (default).\n"
                           "                        borrowing: const views for the length of the call, read in place, with\n"
                           "                        nothing to free; faster\n"
                           "  --async               a host's view also begins calls: WORLD_FUNCTION_begin, which returns at\n"
                           "                        once, and WORLD_FUNCTION_finish\n"
                           "  --autodrop-borrows[=yes|no]\n"
                           "                        borrowed handles that an add-in's function is given are dropped when\n"
                           "                        it returns (default: no)\n"
                           "\n"
                           "Example:\n"
                           "  ward bindgen calculator.wit --addin -o gen\n"
                           "  cc -shared -fPIC -Igen -o basic.so basic.c gen/calculator.c $(pkg-config --cflags ward)\n"
                           "\n"
                           "Exit status: 0 done, 1 the contract or the system is at fault, 2 the command line is.\n";

bool bindgen_args_help(void)
{
        return printf("%s%s", usage, help) >= 0;
}

static int fail(const char *problem)
{
        fprintf(stderr, "ward bindgen: %s\n%sward bindgen --help tells more.\n", problem, usage);
        return EXIT_USAGE;
}

static int fail_value(const char *option, const char *value, const char *expected)
{
        fprintf(stderr, "ward bindgen: --%s %s: expected %s\n%s", option, value, expected, usage);
        return EXIT_USAGE;
}

/* One of two words: the number of the word that was given. */
static int choose(const char *option, const char *value, const char *first, const char *second, int *ret)
{
        *ret = !strcmp(value, second);
        if (*ret || !strcmp(value, first))
                return EXIT_DONE;
        char expected[64];
        snprintf(expected, sizeof expected, "%s or %s", first, second);
        return fail_value(option, value, expected);
}

/* It stands at the beginning of names in C. */
static bool is_name(const char *name)
{
        bool good = isalpha((unsigned char)*name);
        for (; *name; name++)
                good = good && (isalnum((unsigned char)*name) || *name == '_');
        return good;
}

static int add_rename(struct bindgen_args *args, char *text)
{
        struct generate_options *generate = &args->generate;
        char *equals = strchr(text, '=');
        if (!equals || equals == text || !is_name(equals + 1))
                return fail_value("rename", text, "INTERFACE=NAME, where NAME is one that C can have");
        for (size_t i = 0; i < generate->n_renames; i++)
                if (strlen(args->renames[i].interface) == (size_t)(equals - text) &&
                    !strncmp(args->renames[i].interface, text, (size_t)(equals - text)))
                        return fail_value("rename", text, "one name for an interface");
        args->renames = reallocarray(args->renames, generate->n_renames + 1, sizeof *args->renames);
        if (!args->renames)
                abort();
        *equals = 0;
        args->renames[generate->n_renames++] = (struct generate_rename){ text, equals + 1 };
        generate->renames = args->renames;
        return EXIT_DONE;
}

/* An option that says how C looks, or which part of the contract is bound. */
static int take(struct bindgen_args *args, int option, char *value)
{
        int choice = 0;
        int status = EXIT_DONE;
        switch (option) {
        case 'r':
                return add_rename(args, value);
        case 'e':
                status = choose("string-encoding", value, "utf8", "utf16", &choice);
                args->generate.encoding = choice ? GENERATE_UTF16 : GENERATE_UTF8;
                return status;
        case 'O':
                status = choose("ownership", value, "owning", "borrowing", &choice);
                args->generate.ownership = choice ? GENERATE_BORROWING : GENERATE_OWNING;
                return status;
        case 'd':
                status = choose("autodrop-borrows", value ? value : "yes", "no", "yes", &choice);
                args->generate.autodrop_borrows = choice;
                return status;
        case 's':
                args->generate.async = true;
                return EXIT_DONE;
        case 'f':
                if (read_features(&args->read, value))
                        abort();
                return EXIT_DONE;
        default:
                return EXIT_DONE;
        }
}

static int parse_options(struct bindgen_args *args, int argc, char **argv, bool given[2])
{
        static const struct option options[] = {
                { "addin", no_argument, NULL, 'a' },
                { "all-features", no_argument, NULL, 'A' },
                { "async", no_argument, NULL, 's' },
                { "autodrop-borrows", optional_argument, NULL, 'd' },
                { "features", required_argument, NULL, 'f' },
                { "help", no_argument, NULL, 'h' },
                { "host", no_argument, NULL, 'H' },
                { "output", required_argument, NULL, 'o' },
                { "ownership", required_argument, NULL, 'O' },
                { "rename", required_argument, NULL, 'r' },
                { "string-encoding", required_argument, NULL, 'e' },
                { "world", required_argument, NULL, 'w' },
                { 0 },
        };
        int option;
        while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
                if (option == '?')
                        return fputs(usage, stderr), EXIT_USAGE;
                given[GENERATE_ADDIN] |= option == 'a';
                given[GENERATE_HOST] |= option == 'H';
                args->read.all_features |= option == 'A';
                args->help |= option == 'h';
                args->folder = option == 'o' ? optarg : args->folder;
                args->world = option == 'w' ? optarg : args->world;
                int status = take(args, option, optarg);
                if (status != EXIT_DONE)
                        return status;
        }
        return EXIT_DONE;
}

int bindgen_args_parse(struct bindgen_args *args, int argc, char **argv)
{
        bool given[2] = { false, false };
        int status = parse_options(args, argc, argv, given);
        if (status != EXIT_DONE || args->help)
                return status;
        if (optind + 1 != argc)
                return fail(optind == argc ? "which contract?" : "one contract at a time");
        if (given[GENERATE_ADDIN] == given[GENERATE_HOST])
                return fail("--host or --addin: which view?");
        args->side = given[GENERATE_HOST] ? GENERATE_HOST : GENERATE_ADDIN;
        args->contract = argv[optind];
        return EXIT_DONE;
}

void bindgen_args_finish(struct bindgen_args *args)
{
        free(args->renames);
        free((void *)args->read.features);
}
