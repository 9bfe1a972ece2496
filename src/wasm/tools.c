#include "wasm/tools.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"

struct wasm_tools *wasm_tools_free(struct wasm_tools *tools)
{
        if (tools) {
                free(tools->wasm2c);
                free(tools->compiler);
                free(tools->command);
                free(tools->identity);
                free(tools);
        }
        return NULL;
}

static void wasm_tools_freep(struct wasm_tools **tools)
{
        wasm_tools_free(*tools);
}

/* --- Finding them ----------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
        struct stat st;
        return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

static const char *search_path(void)
{
        const char *path = secure_getenv("PATH");
        return path && *path ? path : "/usr/local/bin:/usr/bin:/bin";
}

/* The absolute path of program @name, malloc'd, or NULL. A folder in PATH that is not absolute is left out: what the host's working
 * directory holds is not for it to run. */
static char *find_program(const char *name)
{
        char at[PATH_MAX];
        if (strchr(name, '/'))
                return !is_program(name) ? NULL : *name == '/' ? strdup(name) : realpath(name, NULL);
        for (const char *folder = search_path(); folder; folder = strchr(folder, ':')) {
                folder += *folder == ':';
                int len = (int)strcspn(folder, ":");
                if (*folder == '/' && snprintf(at, sizeof at, "%.*s/%s", len, folder, name) < (int)sizeof at && is_program(at))
                        return strdup(at);
        }
        return NULL;
}

static int split_command(struct wasm_tools *tools, struct ward_fault *fault)
{
        char *rest = tools->command, *word;
        while ((word = strtok_r(rest, " \t", &rest))) {
                if (tools->n_words == WASM_TOOLS_WORDS_MAX)
                        return fault_set(fault, WARD_FAULT_COMPILE, "the C compiler's command has more than %d words",
                                         WASM_TOOLS_WORDS_MAX);
                tools->words[tools->n_words++] = word;
        }
        if (!tools->n_words)
                return fault_set(fault, WARD_FAULT_COMPILE, "the C compiler's command is empty");
        return 0;
}

static int find_compiler(struct wasm_tools *tools, const char *command, struct ward_fault *fault)
{
        const char *usual[] = { "cc", "gcc", "clang" };
        if (!command)
                command = secure_getenv("WARD_CC");
        if (command) {
                tools->command = strdup(command);
                int r = tools->command ? split_command(tools, fault) : -WARD_FAULT_SYSTEM;
                if (r)
                        return r;
                tools->compiler = find_program(tools->words[0]);
                if (!tools->compiler)
                        return fault_set(fault, WARD_FAULT_COMPILE,
                                         "the C compiler '%s', which WARD_CC or the host's options name, was not found: install it "
                                         "(package gcc or clang), or name another",
                                         tools->words[0]);
                return 0;
        }
        for (size_t i = 0; i < COUNT_OF(usual) && !tools->compiler; i++) {
                tools->compiler = find_program(usual[i]);
                tools->words[0] = (char *)(uintptr_t)usual[i];
                tools->n_words = 1;
        }
        if (tools->compiler)
                return 0;
        return fault_set(
                fault, WARD_FAULT_COMPILE,
                "no C compiler was found (cc, gcc, clang), which WebAssembly add-ins need once each: install package gcc, or "
                "name one with WARD_CC");
}

/* Versions are told by size and time: asking the programs would take longer than loading an image does. */
static int identify(struct wasm_tools *tools, struct ward_fault *fault)
{
        const char *paths[] = { tools->wasm2c, tools->compiler };
        size_t len;
        FILE *out = open_memstream(&tools->identity, &len);
        if (!out)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot look for a C compiler");
        for (size_t i = 0; i < COUNT_OF(paths); i++) {
                struct stat st = { 0 };
                stat(paths[i], &st);
                fprintf(out, "%s %lld %lld.%09ld\n", paths[i], (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                        st.st_mtim.tv_nsec);
        }
        for (size_t i = 0; i < tools->n_words; i++)
                fprintf(out, "%s\n", tools->words[i]);
        return fclose(out) ? fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot look for a C compiler") : 0;
}

int wasm_tools_find(const char *compiler, struct wasm_tools **ret_tools, struct ward_fault *fault)
{
        OWNED(wasm_tools_freep) struct wasm_tools *tools = calloc(1, sizeof *tools);
        if (!tools)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot look for a C compiler");
        tools->wasm2c = find_program("wasm2c");
        if (!tools->wasm2c)
                return fault_set(
                        fault, WARD_FAULT_COMPILE,
                        "the program wasm2c was not found, which WebAssembly add-ins need once each: install package wabt");
        int r = find_compiler(tools, compiler, fault);
        if (!r)
                r = identify(tools, fault);
        if (r)
                return r;
        *ret_tools = STEAL(tools);
        return 0;
}
