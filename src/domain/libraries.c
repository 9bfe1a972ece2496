#include "domain/libraries.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/kind.h"
#include "native/native.h"

/* --- Looking for them ------------------------------------------------------------------------- */

struct finding {
        struct domains *domains;
        const struct ward_activate_options *options;
        const struct worker_libraries *worker;
        libraries_ask ask;
        bool clash; /* and @fault says it */
        struct ward_fault *fault;
};

static bool worker_has(void *data, const char *name)
{
        const struct finding *finding = data;
        return worker_libraries_has(finding->worker, name);
}

/* A file of that name, where the host wants it from, that is not the one it has loaded itself. */
static void check_loaded(struct finding *finding, const char *name, const char *loaded)
{
        struct stat here, there;
        char path[PATH_MAX];
        for (const char *const *folder = finding->options->library_path; folder && *folder && !finding->clash; folder++) {
                if (snprintf(path, sizeof path, "%s/%s", *folder, name) >= (int)sizeof path || stat(path, &there) < 0)
                        continue;
                if (!stat(loaded, &here) && here.st_dev == there.st_dev && here.st_ino == there.st_ino)
                        return;
                finding->clash = true;
                fault_set(finding->fault, WARD_FAULT_MODULE,
                          "library '%s' is loaded in the host already, from '%s': '%s' cannot be loaded beside it; activate the "
                          "add-in at isolation process",
                          name, loaded, path);
        }
}

static bool host_has(void *data, const char *name)
{
        void *handle = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
        const struct link_map *map = handle;
        if (!handle)
                return false;
        check_loaded(data, name, map->l_name);
        dlclose(handle);
        return true;
}

static int keep_answer(const char *name, const struct ward_module *module, struct needed_file *ret, struct ward_fault *fault)
{
        int r = 0;
        if (module->bytes)
                r = native_copy((struct ward_span){ module->bytes, module->len }, name, &ret->copy, fault);
        else
                ret->path = realpath(module->path, NULL);
        if (!r && !ret->path) /* bytes, or a file that is not there: the fault is to name it */
                ret->path = strdup(module->bytes ? name : module->path);
        if (!r && !ret->path)
                r = fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot find library '%s'", name);
        return r;
}

static int resolve(void *data, const char *name, const char *by, struct needed_file *ret, struct ward_fault *fault)
{
        const struct finding *finding = data;
        struct ward_module module = { .size = sizeof module };
        int r = finding->ask(finding->domains, name, by, finding->options, &module, fault);
        if (r)
                return r;
        r = keep_answer(name, &module, ret, fault);
        if (module.release)
                module.release(module.release_data, &module);
        if (r) {
                fd_close(ret->copy);
                ret->copy = -1;
        }
        return r;
}

int libraries_check_folders(const char *const *names, struct ward_fault *fault)
{
        for (; names && *names; names++)
                if (**names != '/')
                        return fault_set(fault, WARD_FAULT_USAGE, "'%s' in library_path is no absolute path", *names);
        return 0;
}

static const struct needed_file *find_named(const struct needed *needed, const char *name)
{
        for (size_t i = 0; i < needed->n; i++)
                if (!strcmp(needed->files[i].name, name))
                        return &needed->files[i];
        return NULL;
}

static bool keep_file(struct needed *needed, struct needed_file file)
{
        struct needed_file *grown = reallocarray(needed->files, needed->n + 1, sizeof *grown);
        if (!grown)
                return false;
        needed->files = grown;
        grown[needed->n++] = file;
        return true;
}

/* Behind those that it needs itself, as @needed has it; what is there already is not there twice. */
static int add_library(const struct needed_order *of, const char *path, struct needed *needed, struct ward_fault *fault)
{
        OWNED(needed_finish) struct needed more = { 0 };
        struct needed_order order = *of;
        struct needed_file file = { .path = realpath(path, NULL), .copy = -1, .given = true };
        if (!file.path)
                return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot find library '%s'", path);
        order.path = file.path;
        order.image = (struct ward_span){ NULL, 0 };
        int r = needed_find(&order, &more, fault);
        file.name = strdup(file.path);
        bool good = file.name;
        for (size_t i = 0; !r && good && i < more.n; i++)
                if (!find_named(needed, more.files[i].name) && (good = keep_file(needed, more.files[i])))
                        more.files[i] = (struct needed_file){ .copy = -1 };
        if (!r && good && keep_file(needed, file))
                return 0;
        free(file.path);
        free(file.name);
        return r ? r : fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot find library '%s'", path);
}

int libraries_find(struct domains *domains, const struct instance_source *source, const struct ward_activate_options *options,
                   libraries_ask ask, struct needed *ret_libraries, struct ward_fault *fault)
{
        const struct ward_domain *domain = options->domain;
        enum ward_isolation isolation = domain ? domain->kind->isolation : options->isolation;
        struct finding finding = { .domains = domains, .options = options, .ask = ask, .fault = fault };
        *ret_libraries = (struct needed){ 0 };
        int r = libraries_check_folders(options->library_path, fault);
        if (r || isolation == WARD_WASM || (isolation == WARD_DIRECT && !options->library_path && !ask))
                return r;
        OWNED(freep) char *path = source->image.at ? strdup(source->path) : realpath(source->path, NULL);
        if (!path)
                return 0;
        const struct needed_order order = {
                .path = path,
                .image = source->image,
                .folders = { options->library_path, domain ? (const char *const *)domain->library_path : NULL },
                .partial = isolation == WARD_DIRECT,
                .is_loaded = isolation == WARD_DIRECT ? host_has : worker_has,
                .resolve = ask ? resolve : NULL,
                .data = &finding,
        };
        if (isolation == WARD_PROCESS)
                r = worker_libraries_get(domains, &finding.worker, fault);
        if (!r)
                r = needed_find(&order, ret_libraries, fault);
        for (const char *const *more = options->libraries; !r && isolation == WARD_PROCESS && more && *more; more++)
                r = add_library(&order, *more, ret_libraries, fault);
        if (!r && finding.clash)
                r = -WARD_FAULT_MODULE;
        if (r)
                needed_finish(ret_libraries);
        return r;
}

/* --- Beside others ---------------------------------------------------------------------------- */

/* What the host gives as bytes for one name is the same, however often it gives it. */
static bool are_same(const struct needed_file *a, const struct needed_file *b)
{
        struct stat x, y;
        if (a->copy >= 0 || b->copy >= 0)
                return a->copy >= 0 && b->copy >= 0;
        return !strcmp(a->path, b->path) ||
               (!stat(a->path, &x) && !stat(b->path, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static int check_beside(const struct instance *instance, const struct instance *other, struct ward_fault *fault)
{
        for (size_t i = 0; i < instance->libraries.n; i++) {
                const struct needed_file *file = &instance->libraries.files[i], *there = find_named(&other->libraries, file->name);
                if (there && !are_same(file, there))
                        return fault_set(fault, WARD_FAULT_MODULE,
                                         "library '%s' is in domain '%s' already, from '%s' for add-in '%s'; '%s' is to have '%s': "
                                         "activate it in a domain of its own",
                                         file->name, instance->domain->name, there->path, other->name, instance->module,
                                         file->path);
        }
        return 0;
}

int libraries_check(const struct instance *instance, struct ward_fault *fault)
{
        struct ward_domain *domain = instance->domain;
        int r = 0;
        pthread_mutex_lock(&domain->list_lock);
        for (struct list *link = domain->instances.next; !r && link != &domain->instances; link = link->next)
                r = check_beside(instance, CONTAINER_OF(link, struct instance, link), fault);
        pthread_mutex_unlock(&domain->list_lock);
        return r;
}

bool libraries_has_copy(const struct instance *instance, const struct needed_file *file)
{
        struct ward_domain *domain = instance->domain;
        bool found = false;
        if (file->copy < 0)
                return false;
        pthread_mutex_lock(&domain->list_lock);
        for (struct list *link = domain->instances.next; !found && link != &domain->instances; link = link->next)
                found = find_named(&CONTAINER_OF(link, struct instance, link)->libraries, file->name);
        pthread_mutex_unlock(&domain->list_lock);
        return found;
}
