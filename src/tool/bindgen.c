/* ward bindgen: a contract's world -> C. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "contract/contract.h"
#include "generate/generate.h"
#include "tool/command.h"
#include "tool/output.h"

static const char usage[] = "Usage: ward bindgen CONTRACT --host|--addin [-o DIR] [--world NAME]\n";

static const char help[] = "\n"
                           "Reads a contract and writes a view of it: a C header and a C source.\n"
                           "CONTRACT is a .wit file, or a folder of them, with packages that it uses under deps/.\n"
                           "\n"
                           "  --addin       for who implements the contract: WORLD.h and WORLD.c. Define the functions\n"
                           "                that begin with exports_; names and ownership are those of wit-bindgen's C\n"
                           "                bindings. Compile both files into a shared library, or with clang\n"
                           "                --target=wasm32-wasi -mexec-model=reactor into a WebAssembly module\n"
                           "  --host        for who calls it: WORLD_host.h and WORLD_host.c. Call WORLD_activate, then\n"
                           "                the functions of the contract; link with libward\n"
                           "  -o DIR        where to write; made if it is missing (default: the current folder)\n"
                           "  --world NAME  which world; needed where the package has more than one\n"
                           "\n"
                           "Example:\n"
                           "  ward bindgen calculator.wit --addin -o gen\n"
                           "  cc -shared -fPIC -Igen -o basic.so basic.c gen/calculator.c $(pkg-config --cflags ward)\n"
                           "\n"
                           "Exit status: 0 done, 1 the contract or the system is at fault, 2 the command line is.\n";

struct request {
        const char *contract;
        const char *folder;
        const char *world;
        bool addin;
        bool host;
        bool help;
};

static int fail_usage(const char *problem)
{
        fprintf(stderr, "ward bindgen: %s\n%sward bindgen --help tells more.\n", problem, usage);
        return EXIT_USAGE;
}

static int parse(int argc, char **argv, struct request *request)
{
        static const struct option options[] = {
                { "addin", no_argument, NULL, 'a' },       { "host", no_argument, NULL, 'H' },
                { "help", no_argument, NULL, 'h' },        { "output", required_argument, NULL, 'o' },
                { "world", required_argument, NULL, 'w' }, { 0 },
        };
        int option;
        while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
                request->addin |= option == 'a';
                request->host |= option == 'H';
                request->help |= option == 'h';
                if (option == 'o')
                        request->folder = optarg;
                else if (option == 'w')
                        request->world = optarg;
                else if (option == '?')
                        return fputs(usage, stderr), EXIT_USAGE;
        }
        if (request->help)
                return EXIT_DONE;
        if (optind + 1 != argc)
                return fail_usage(optind == argc ? "which contract?" : "one contract at a time");
        if (request->addin == request->host)
                return fail_usage("--host or --addin: which view?");
        request->contract = argv[optind];
        return EXIT_DONE;
}

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

static int write_files(const struct request *request, const char *stem, const struct text *header, const struct text *source)
{
        int r = output_folder(request->folder);
        if (!r)
                r = write_one(request->folder, stem, "h", header);
        if (!r)
                r = write_one(request->folder, stem, "c", source);
        if (!r)
                return EXIT_DONE;
        fprintf(stderr, "ward bindgen: cannot write %s.h and %s.c to %s: %s\n", stem, stem, request->folder, strerror(-r));
        return EXIT_FAILED;
}

static int generate(const struct request *request, const struct contract *contract, const struct wit_world *world)
{
        enum generate_side side = request->host ? GENERATE_HOST : GENERATE_ADDIN;
        struct text header = { 0 };
        struct text source = { 0 };
        FILE *h = open_memstream(&header.at, &header.len);
        FILE *c = open_memstream(&source.at, &source.len);
        if (h && c)
                generate_view(contract, world, side, h, c);
        bool whole = h && c && !ferror(h) && !ferror(c);
        whole &= h && !fclose(h);
        whole &= c && !fclose(c);
        OWNED(freep) char *stem = generate_stem(world, side);
        int status = EXIT_FAILED;
        if (whole)
                status = write_files(request, stem, &header, &source);
        else
                fputs("ward bindgen: out of memory\n", stderr);
        free(header.at);
        free(source.at);
        return status;
}

int command_bindgen(int argc, char **argv)
{
        struct request request = { .folder = "." };
        int status = parse(argc, argv, &request);
        if (status != EXIT_DONE)
                return status;
        if (request.help)
                return printf("%s%s", usage, help) < 0 ? EXIT_FAILED : EXIT_DONE;
        struct contract_error error = { 0 };
        struct contract *contract = contract_read(request.contract, NULL, &error);
        if (!contract) {
                fprintf(stderr, "%s\n", error.text ? error.text : "ward bindgen: out of memory");
                free(error.text);
                return EXIT_FAILED;
        }
        const struct wit_world *world = contract_world(contract, request.world);
        status = world ? generate(&request, contract, world) : fail_world(contract, request.world);
        contract_free(contract);
        return status;
}
