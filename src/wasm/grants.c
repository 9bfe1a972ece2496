/* What translators and compilers read, as grants. Their parts lie in many places, but on every system in some of a few; where a
 * folder is missing, nothing is granted by it. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/own.h"
#include "wasm/tools.h"

/* In this order: a folder before what lies in it. */
static const struct sandbox_grant usual[] = {
        { "/usr", SANDBOX_READ | SANDBOX_RUN },
        { "/bin", SANDBOX_READ | SANDBOX_RUN },
        { "/sbin", SANDBOX_READ | SANDBOX_RUN },
        { "/lib", SANDBOX_READ | SANDBOX_RUN },
        { "/lib32", SANDBOX_READ | SANDBOX_RUN },
        { "/lib64", SANDBOX_READ | SANDBOX_RUN },
        { "/libx32", SANDBOX_READ | SANDBOX_RUN },
        { "/nix/store", SANDBOX_READ | SANDBOX_RUN },
        { "/gnu/store", SANDBOX_READ | SANDBOX_RUN },
        { "/etc/alternatives", SANDBOX_READ | SANDBOX_RUN },
        { "/etc/clang", SANDBOX_READ },
        { "/etc/ld.so.cache", SANDBOX_READ },
        { "/etc/ld.so.conf", SANDBOX_READ },
        { "/etc/ld.so.conf.d", SANDBOX_READ },
        { "/dev/null", SANDBOX_READ | SANDBOX_WRITE },
        { "/dev/zero", SANDBOX_READ },
        { "/dev/urandom", SANDBOX_READ },
};

/* Beside the folder bin of an installation: what a compiler reads there. */
static const char *const parts[] = { "bin", "lib", "lib32", "lib64", "libexec", "include", "share" };

static bool is_granted(const struct wasm_grants *grants, const char *path)
{
        for (size_t i = 0; i < grants->n; i++) {
                size_t len = strlen(grants->at[i].path);
                if (!strncmp(grants->at[i].path, path, len) && (!path[len] || path[len] == '/'))
                        return true;
        }
        return false;
}

/* What does not exist, and what is more than a tool's folder, is not granted. Where there is no more room, the tool says what it
 * misses. */
static int grant(struct wasm_grants *grants, const char *path)
{
        if (*path != '/' || !path[1] || is_granted(grants, path) || access(path, F_OK) || grants->n == COUNT_OF(grants->at))
                return 0;
        char *copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        grants->at[grants->n++] = (struct sandbox_grant){ copy, SANDBOX_READ | SANDBOX_RUN };
        return 0;
}

/* @program in /opt/x/bin: /opt/x/bin, /opt/x/lib …; elsewhere, the program alone. */
static int grant_around(struct wasm_grants *grants, const char *program)
{
        char path[PATH_MAX];
        const char *slash = strrchr(program, '/');
        int len = (int)(slash - program) - 4, r = grant(grants, program);
        if (r || len <= 0 || strncmp(program + len, "/bin/", 5))
                return r;
        for (size_t i = 0; !r && i < COUNT_OF(parts); i++)
                if (snprintf(path, sizeof path, "%.*s/%s", len, program, parts[i]) < (int)sizeof path)
                        r = grant(grants, path);
        return r;
}

/* As it is called, and where links to it lead. */
static int grant_program(struct wasm_grants *grants, const char *program)
{
        OWNED(freep) char *real = realpath(program, NULL);
        int r = grant_around(grants, program);
        return r || !real ? r : grant_around(grants, real);
}

/* `--sysroot=/opt/x`, `-B/opt/x`, `/opt/x/plugin.so`. */
static int grant_words(struct wasm_grants *grants, const struct wasm_tools *tools)
{
        int r = 0;
        for (size_t i = 1; !r && i < tools->n_words; i++) {
                const char *path = strchr(tools->words[i], '/');
                if (path && (path == tools->words[i] || *tools->words[i] == '-'))
                        r = grant(grants, path);
        }
        return r;
}

static int grant_libraries(struct wasm_grants *grants)
{
        const char *value = secure_getenv("LD_LIBRARY_PATH");
        OWNED(freep) char *copy = value ? strdup(value) : NULL;
        char *rest, *path = copy ? strtok_r(copy, ":", &rest) : NULL;
        int r = value && !copy ? -ENOMEM : 0;
        for (; !r && path; path = strtok_r(NULL, ":", &rest))
                r = grant(grants, path);
        return r;
}

int wasm_grants_make(const struct wasm_tools *tools, struct wasm_grants *ret_grants)
{
        struct wasm_grants grants = { .n = COUNT_OF(usual), .n_fixed = COUNT_OF(usual) };
        memcpy(grants.at, usual, sizeof usual);
        int r = grant_program(&grants, tools->wasm2c);
        if (!r)
                r = grant_program(&grants, tools->compiler);
        if (!r)
                r = grant_words(&grants, tools);
        if (!r)
                r = grant_libraries(&grants);
        if (r)
                wasm_grants_finish(&grants);
        else
                *ret_grants = grants;
        return r;
}

void wasm_grants_finish(struct wasm_grants *grants)
{
        for (size_t i = grants->n_fixed; i < grants->n; i++)
                free((char *)(uintptr_t)grants->at[i].path);
        grants->n = grants->n_fixed;
}
