/* ward inspect: what an add-in is and offers, by its file alone. */
#include "tool/inspect.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "tool/command.h"

static const char usage[] = "Usage: ward inspect ADDIN [--json]\n";

static const char help[] = "\n"
                           "Shows what an add-in is and what contract it carries, without running any of its code.\n"
                           "ADDIN is a shared library or a WebAssembly module. All of it is what the file says of\n"
                           "itself: whether that is so is checked when the add-in is activated.\n"
                           "\n"
                           "  --json  print an object: file, size, form, elf or wasm, and contract, null where there is none\n"
                           "\n"
                           "Examples:\n"
                           "  ward inspect ./basic.so\n"
                           "  ward inspect ./basic.wasm --json | jq -r .contract.wit\n"
                           "\n"
                           "Exit status: 0 done, 1 the file is no add-in or is damaged, 2 the command line is wrong.\n";

struct request {
        const char *path;
        bool json;
        bool help;
};

static int fail_usage(const char *problem)
{
        fprintf(stderr, "ward inspect: %s\n%sward inspect --help tells more.\n", problem, usage);
        return EXIT_USAGE;
}

static int parse(int argc, char **argv, struct request *request)
{
        static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { "json", no_argument, NULL, 'j' }, { 0 } };
        int option;
        while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
                request->help |= option == 'h';
                request->json |= option == 'j';
                if (option == '?')
                        return fputs(usage, stderr), EXIT_USAGE;
        }
        if (request->help)
                return EXIT_DONE;
        if (optind + 1 != argc)
                return fail_usage(optind == argc ? "which add-in?" : "one add-in at a time");
        request->path = argv[optind];
        return EXIT_DONE;
}

bool inspect_is_missing(const struct inspection *inspection, const struct ward_func *func)
{
        const struct wasm_need need = { func->name, func->core, false };
        return inspection->addin->module && !wasm_module_exports(inspection->addin->module, &need);
}

static int show(const struct request *request)
{
        OWNED(store_freep) struct store_addin *addin = NULL;
        OWNED(dynamic_freep) struct dynamic *bound = NULL;
        struct ward_fault fault = { 0 };
        if (store_read(request->path, &addin, &fault)) {
                fprintf(stderr, "ward inspect: %s\n", fault.text);
                return EXIT_FAILED;
        }
        const char *unbound = NULL;
        if (addin->contract && dynamic_new(addin->contract, addin->world, NULL, &bound, &fault))
                unbound = fault.text;
        const struct inspection inspection = { request->path, addin, bound, unbound };
        if (!request->json)
                inspect_print(stdout, &inspection);
        else if (inspect_print_json(stdout, &inspection) && !ferror(stdout))
                return fputs("ward inspect: out of memory\n", stderr), EXIT_FAILED;
        return EXIT_DONE;
}

int command_inspect(int argc, char **argv)
{
        struct request request = { 0 };
        int status = parse(argc, argv, &request);
        if (status != EXIT_DONE)
                return status;
        if (request.help)
                return printf("%s%s", usage, help) < 0 ? EXIT_FAILED : EXIT_DONE;
        return show(&request);
}
