/* ward compile: the native image of a WebAssembly add-in, ahead of its first activation. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "store/store.h"
#include "tool/command.h"
#include "tool/layers.h"
#include "wasm/package.h"

static const char usage[] = "Usage: ward compile ADDIN.wasm [-o IMAGE] [--compiler COMMAND] [--bounds KIND]\n"
                            "                    [--looking] [--verbose] [--json]\n";

static const char help[] =
        "\n"
        "Compiles a WebAssembly add-in to native code, as its first activation would, and prints where that\n"
        "is: in the cache, unless -o says otherwise. An image runs on machines that have no compiler; it is\n"
        "for one version of Ward and one kind of processor. Whoever can write it can make its host run\n"
        "anything, so keep it where only you or root can.\n"
        "\n"
        "  -o, --output IMAGE  the file to write, for ward_activate_options.image; or a folder, for\n"
        "                      ward_host_options.image_path, where it is named by the module's content\n"
        "  --compiler COMMAND  the C compiler, with arguments (default: $WARD_CC, else cc, gcc or clang)\n"
        "  --bounds KIND       of memory: guarded, as hosts have it while they have address space (default); or\n"
        "                      checked, address by address, for domains with bounds of that kind\n"
        "  --looking           for hosts with ward_host_options.looking: code that looks whether it is to end\n"
        "  --verbose           say how long it took, and what confined the compiler meanwhile\n"
        "  --json              print an object: module, key, image, bytes, cached, milliseconds, compiler,\n"
        "                      confined-by, version\n"
        "\n"
        "Examples:\n"
        "  ward compile ./basic.wasm\n"
        "  ward compile ./basic.wasm -o /usr/lib/myhost/images/\n"
        "\n"
        "Exit status: 0 done, 1 the module, the compiler or the system is at fault, 2 the command line is.\n";

struct request {
        const char *path;
        const char *output;
        const char *compiler;
        bool checked;
        bool looking;
        bool verbose;
        bool json;
        bool help;
};

static int fail_usage(const char *problem)
{
        fprintf(stderr, "ward compile: %s\n%sward compile --help tells more.\n", problem, usage);
        return EXIT_USAGE;
}

static bool parse_bounds(const char *text, bool *ret_checked)
{
        *ret_checked = !strcmp(text, "checked");
        return *ret_checked || !strcmp(text, "guarded");
}

static int parse(int argc, char **argv, struct request *request)
{
        static const struct option options[] = {
                { "bounds", required_argument, NULL, 'b' }, { "compiler", required_argument, NULL, 'c' },
                { "help", no_argument, NULL, 'h' },         { "json", no_argument, NULL, 'j' },
                { "looking", no_argument, NULL, 'l' },      { "output", required_argument, NULL, 'o' },
                { "verbose", no_argument, NULL, 'v' },      { 0 }
        };
        int option;
        while ((option = getopt_long(argc, argv, "ho:v", options, NULL)) != -1) {
                request->help |= option == 'h';
                request->json |= option == 'j';
                request->looking |= option == 'l';
                request->verbose |= option == 'v';
                if (option == 'c')
                        request->compiler = optarg;
                if (option == 'o')
                        request->output = optarg;
                if (option == 'b' && !parse_bounds(optarg, &request->checked))
                        return fail_usage("--bounds takes guarded or checked");
                if (option == '?')
                        return fputs(usage, stderr), EXIT_USAGE;
        }
        if (request->help)
                return EXIT_DONE;
        if (optind + 1 != argc)
                return fail_usage(optind == argc ? "which module?" : "one module at a time");
        request->path = argv[optind];
        return EXIT_DONE;
}

/* A module of a file or two is done before anybody asks. */
static void show_progress(void *data, const char *step, size_t done, size_t total)
{
        const bool *terminal = data;
        if (total > 2)
                fprintf(stderr, "%sward compile: %zu of %zu %s%s", *terminal ? "\r" : "", done, total, step,
                        *terminal && done < total ? "   " : "\n");
}

/* --- Output ----------------------------------------------------------------------------------- */

static int print_json(const struct request *request, const struct wasm_package *package)
{
        json_t *all = json_pack("{s:s, s:s, s:s, s:I, s:b, s:I, s:s, s:o, s:s}", "module", request->path, "key", package->key,
                                "image", package->path, "bytes", (json_int_t)package->bytes, "cached", package->was_there,
                                "milliseconds", (json_int_t)package->label.took_ms, "compiler", package->label.compiler,
                                "confined-by", layers_json(package->label.held), "version", package->label.version);
        int r = all ? json_dumpf(all, stdout, JSON_INDENT(2)) : -1;
        json_decref(all);
        return r || putchar('\n') == EOF ? EXIT_FAILED : EXIT_DONE;
}

static int print(const struct request *request, const struct wasm_package *package)
{
        if (request->json)
                return print_json(request, package);
        if (request->verbose) {
                fprintf(stderr, "ward compile: %s by %s in %.1f s, confined by:", package->was_there ? "was compiled" : "compiled",
                        package->label.compiler, package->label.took_ms / 1000.0);
                layers_print(package->label.held, stderr);
        }
        return puts(package->path) < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* --- Work ------------------------------------------------------------------------------------- */

static int compile(const struct request *request, struct wasm_package *package, struct ward_fault *fault)
{
        OWNED(store_freep) struct store_addin *addin = NULL;
        bool terminal = isatty(STDERR_FILENO);
        const struct wasm_image_options options = {
                .name = request->path,
                .compiler = request->compiler,
                .checked = request->checked,
                .looking = request->looking,
                .progress = show_progress,
                .progress_data = &terminal,
        };
        int r = store_read(request->path, &addin, fault);
        if (r)
                return r;
        if (!addin->module)
                return fault_set(fault, WARD_FAULT_MODULE, "'%s' is a shared library: it is native code already", request->path);
        return wasm_package(addin->module, &options, request->output, package, fault);
}

int command_compile(int argc, char **argv)
{
        struct request request = { 0 };
        struct wasm_package package = { 0 };
        struct ward_fault fault = { 0 };
        int status = parse(argc, argv, &request);
        if (status != EXIT_DONE)
                return status;
        if (request.help)
                return printf("%s%s", usage, help) < 0 ? EXIT_FAILED : EXIT_DONE;
        if (compile(&request, &package, &fault)) {
                fprintf(stderr, "ward compile: %s\n", fault.text);
                return EXIT_FAILED;
        }
        status = print(&request, &package);
        wasm_package_finish(&package);
        return status;
}
