/* What the worker program has loaded before any add-in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/libraries.h"
#include "domain/worker_path.h"

struct worker_libraries {
        char **names;
        size_t n;
        bool bad; /* no memory */
};

struct worker_libraries *worker_libraries_free(struct worker_libraries *libraries)
{
        for (size_t i = 0; libraries && i < libraries->n; i++)
                free(libraries->names[i]);
        if (libraries)
                free(libraries->names);
        free(libraries);
        return NULL;
}

static void worker_libraries_freep(struct worker_libraries **libraries)
{
        worker_libraries_free(*libraries);
}

bool worker_libraries_has(const struct worker_libraries *libraries, const char *name)
{
        for (size_t i = 0; i < libraries->n; i++)
                if (!strcmp(libraries->names[i], name))
                        return true;
        return false;
}

static void add(struct worker_libraries *libraries, const char *name)
{
        char *copy = strdup(name), **grown = reallocarray(libraries->names, libraries->n + 1, sizeof *grown);
        if (grown)
                libraries->names = grown;
        if (copy && grown) {
                grown[libraries->n++] = copy;
        } else {
                libraries->bad = true;
                free(copy);
        }
}

/* Asked for each name, whether it is loaded: notes it. */
static bool note(void *data, const char *name)
{
        if (!worker_libraries_has(data, name))
                add(data, name);
        return false;
}

/* Besides what it is linked with, the warden loads what unwinds a stack. */
static int read_worker(const struct domains *domains, struct worker_libraries **ret_libraries, struct ward_fault *fault)
{
        OWNED(freep) char *path = NULL;
        OWNED(needed_finish) struct needed needed = { 0 };
        OWNED(worker_libraries_freep) struct worker_libraries *libraries = calloc(1, sizeof *libraries);
        if (!libraries)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot look at the worker program");
        int r = worker_path_find(domains->worker_path, &path, fault);
        if (r)
                return r;
        const struct needed_order order = { .path = path, .partial = true, .is_loaded = note, .data = libraries };
        r = needed_find(&order, &needed, fault);
        if (r)
                return r;
        note(libraries, "libgcc_s.so.1");
        if (libraries->bad)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot look at the worker program");
        *ret_libraries = STEAL(libraries);
        return 0;
}

int worker_libraries_get(struct domains *domains, const struct worker_libraries **ret_libraries, struct ward_fault *fault)
{
        OWNED(worker_libraries_freep) struct worker_libraries *made = NULL;
        for (;;) {
                domains_enter(domains);
                if (!domains->worker_libraries)
                        domains->worker_libraries = STEAL(made);
                *ret_libraries = domains->worker_libraries;
                domains_leave(domains);
                if (*ret_libraries)
                        return 0;
                int r = read_worker(domains, &made, fault);
                if (r)
                        return r;
        }
}
