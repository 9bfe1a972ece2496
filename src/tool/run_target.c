/* What is to be run. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "tool/run.h"

static bool is_file(const char *path)
{
        struct stat st;
        return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* Whether the file is for the loader, not for exec: position-independent, and asks for no interpreter. */
static bool is_library(const char *path)
{
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        char interpreter[PATH_MAX];
        Elf64_Ehdr head;
        return fd >= 0 && run_read_interpreter(fd, interpreter) && !*interpreter &&
               pread(fd, &head, sizeof head, 0) == sizeof head && head.e_type == ET_DYN;
}

/* As a shell does: the first in $PATH that can be run. */
static char *search(const char *name)
{
        const char *path = getenv("PATH");
        for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; *at;) {
                size_t len = strcspn(at, ":");
                char *found;
                if (asprintf(&found, "%.*s/%s", len ? (int)len : 1, len ? at : ".", name) < 0)
                        return NULL;
                if (is_file(found) && !access(found, X_OK))
                        return found;
                free(found);
                at += len + !!at[len];
        }
        return NULL;
}

/* MODULE:FUNCTION, where there is such a file: its path. */
static char *split(const char *target, const char **ret_function)
{
        const char *colon = strrchr(target, ':');
        if (!colon || !colon[1] || colon == target)
                return NULL;
        char *path = strndup(target, (size_t)(colon - target));
        if (path && (is_file(path) || strchr(path, '/') || strstr(path, ".so"))) {
                *ret_function = colon + 1;
                return path;
        }
        free(path);
        return NULL;
}

static int fail(const char *format, const char *what, int status)
{
        fputs("ward run: ", stderr);
        fprintf(stderr, format, what);
        fputc('\n', stderr);
        return status;
}

static int resolve(const char *path, struct run_target *target)
{
        target->path = realpath(path, NULL);
        if (!target->path)
                return fail(errno == ENOENT || errno == ENOTDIR ? "there is no file '%s'" : "cannot open '%s'", path,
                            errno == ENOENT || errno == ENOTDIR ? RUN_NOT_FOUND : RUN_NOT_RUN);
        if (!is_file(target->path))
                return fail("'%s' is no file", path, RUN_NOT_RUN);
        if (target->function && !is_library(target->path))
                return fail("'%s' is no shared library of this machine: only of one a function can be run", path, RUN_NOT_RUN);
        if (!target->function && is_library(target->path))
                target->function = "main";
        if (!target->function && access(target->path, X_OK))
                return fail("'%s' is no program: it is not executable", path, RUN_NOT_RUN);
        return 0;
}

int run_find(const struct run_options *options, struct run_target *ret)
{
        const char *target = options->target;
        *ret = (struct run_target){ .path = NULL };
        OWNED(freep) char *path = is_file(target) ? strdup(target) : split(target, &ret->function);
        if (!path)
                path = strchr(target, '/') ? strdup(target) : search(target);
        if (!path)
                return fail("there is no program '%s' in $PATH; a library's function is written MODULE.so:FUNCTION", target,
                            RUN_NOT_FOUND);
        int r = resolve(path, ret);
        const char *slash = strrchr(path, '/');
        const char *name = options->name ? options->name : slash ? slash + 1 : path;
        text_escape(ret->name, sizeof ret->name, name, strlen(name), false);
        /* A program found in $PATH is called as it was named, a library by its path. */
        ret->argv0 = strdup(ret->function || strchr(target, '/') ? path : target);
        return r ? r : ret->argv0 ? 0 : RUN_FAILED;
}

void run_target_free(struct run_target *target)
{
        free(target->path);
        free(target->argv0);
}
