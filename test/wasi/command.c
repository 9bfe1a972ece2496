/* Runs a WASI command, a module with `_start`, in Ward's runtime without a domain around it: for the test suites of others.
 *
 *      wasi-command [--dir GUEST::HOST | --read-only GUEST::HOST | --env K=V]… MODULE [ARGUMENT…]
 *
 * Its exit status is the module's; 134 where it trapped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"
#include "wasm/binding.h"
#include "wasm/wasi.h"

enum { FOLDERS_MAX = 8, ENVIRONMENT_MAX = 64, TRAPPED = 134, MODULE_MOST = 64 << 20 };

static struct run {
        struct ward_folder folders[FOLDERS_MAX];
        const char *environment[ENVIRONMENT_MAX + 1];
        size_t n_folders, n_environment;
        struct wasi *wasi;
        struct wasm_instance *instance;
} run;

static void fail(const char *what)
{
        fprintf(stderr, "wasi-command: %s\n", what);
        exit(EXIT_FAILURE);
}

static void add_folder(char *pair, uint32_t access)
{
        char *colons = strstr(pair, "::");
        if (!colons || run.n_folders == FOLDERS_MAX)
                fail("a folder is GUEST::HOST, up to 8 of them");
        *colons = '\0';
        run.folders[run.n_folders++] = (struct ward_folder){ .guest = pair, .host = colons + 2, .access = access };
}

/* Where the module is among the arguments. */
static int take_options(int argc, char **argv)
{
        int i = 1;
        for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
                if (!strcmp(argv[i], "--dir"))
                        add_folder(argv[i + 1], WARD_FOLDER_READ | WARD_FOLDER_WRITE);
                else if (!strcmp(argv[i], "--read-only"))
                        add_folder(argv[i + 1], WARD_FOLDER_READ);
                else if (!strcmp(argv[i], "--env") && run.n_environment < ENVIRONMENT_MAX)
                        run.environment[run.n_environment++] = argv[i + 1];
                else
                        fail("options: --dir, --read-only, --env");
        }
        if (i >= argc)
                fail("which module?");
        return i;
}

static struct wasm_module *read_module(const char *path)
{
        struct wasm_module *module;
        struct ward_fault fault;
        FILE *file = fopen(path, "rbe");
        uint8_t *bytes = malloc(MODULE_MOST);
        if (!file || !bytes)
                fail("cannot read the module");
        size_t len = fread(bytes, 1, MODULE_MOST, file);
        fclose(file);
        if (wasm_module_read((struct ward_span){ bytes, len }, path, &module, &fault))
                fail(fault.text);
        free(bytes);
        return module;
}

static int import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
{
        return wasi_call(run.wasi, offer, run.instance, "command", slots, fault);
}

static int refused(void *context, const struct wasi_refusal *refusal, struct ward_fault *fault)
{
        fprintf(stderr, "refused %s of '%.*s': %s\n", refusal->operation, (int)refusal->subject.len,
                (const char *)refusal->subject.at, refusal->why);
        return 0;
}

static int execute(struct ward_fault *fault)
{
        uint64_t slots[1] = { 0 };
        wasm_instance_enter(run.instance);
        int r = wasm_instance_start(run.instance, fault);
        if (!r)
                r = wasm_instance_call(run.instance, 0, "_start", slots, fault);
        wasm_instance_leave(run.instance);
        return r;
}

static int status_of(int r, const struct ward_fault *fault)
{
        if (r == -WARD_FAULT_EXIT)
                return fault->status;
        if (r)
                fprintf(stderr, "wasi-command: %s\n", fault->text);
        return r ? TRAPPED : 0;
}

int main(int argc, char **argv)
{
        int at = take_options(argc, argv);
        struct wasm_module *module = read_module(argv[at]);
        const struct wasm_image_options options = { .name = argv[at] };
        struct wasm_offer offers[WASI_FUNCTIONS];
        const struct wasm_need need = { "_start", ">", false };
        const struct wasm_terms terms = { offers, WASI_FUNCTIONS, &need, 1 };
        const struct wasi_options wasi = { .arguments = (const char *const *)argv + at,
                                           .environment = run.environment,
                                           .folders = run.folders,
                                           .n_folders = run.n_folders };
        const struct wasi_host wasi_host = { .refused = refused };
        const struct wasm_host host = { "command", 0, NULL, import };
        struct wasm_binding *binding = NULL;
        struct wasi_grants *grants = NULL;
        struct ward_fault fault = { 0 };
        wasi_offers(offers);
        if (wasm_binding_get(module, &terms, &options, &binding, &fault) || wasi_grants_new(&wasi, &grants, &fault) ||
            wasi_new(grants, &wasi_host, &run.wasi, &fault) || wasm_instance_new(binding, &host, &run.instance, &fault))
                fail(fault.text);
        wasm_module_free(module);
        int status = status_of(execute(&fault), &fault);
        wasm_instance_free(run.instance);
        wasi_free(run.wasi);
        wasi_grants_unref(grants);
        wasm_binding_unref(binding);
        return status;
}
