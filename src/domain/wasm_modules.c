#include "domain/wasm_modules.h"

#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "domain/denied.h"
#include "domain/wasm_memory.h"

/* The coarsest times of a file system in use are FAT's. */
enum { SETTLED_S = 2 };

struct known {
        struct list link;
        struct wasm_stamp stamp;
        struct wasm_binding *binding; /* a reference */
        enum marshal_encoding encoding;
        bool checked; /* the binding is to an image that checks addresses */
        char terms[]; /* what it was bound for: texts one behind the other, as each_text gives them */
};

/* --- What a binding depends on, besides the file ---------------------------------------------- */

typedef bool (*visit_text)(void *context, const char *text);

static bool func_texts(const struct ward_func *func, visit_text visit, void *context)
{
        return visit(context, func->name) && visit(context, func->signature) && visit(context, func->core);
}

/* All texts, each list with an empty one behind it; until @visit says no. */
static bool each_text(const struct instance *instance, visit_text visit, void *context)
{
        const struct ward_contract *contract = instance->contract;
        char *const *denied = instance->denied ? instance->denied->names : NULL;
        bool on = visit(context, contract->name);
        for (uint32_t i = 0; on && i < contract->n_exports; i++)
                on = func_texts(contract->exports[i], visit, context);
        on = on && visit(context, "");
        for (uint32_t i = 0; on && i < contract->n_imports; i++)
                on = func_texts(contract->imports[i].func, visit, context);
        on = on && visit(context, "");
        for (uint32_t i = 0; on && i < contract->n_resources; i++) {
                const struct ward_resource *resource = contract->resources[i].resource;
                on = visit(context, resource->name) && visit(context, resource->by_addin ? "add-in" : "host");
        }
        on = on && visit(context, "");
        for (; on && denied && *denied; denied++)
                on = visit(context, *denied);
        return on && visit(context, "");
}

static bool count(void *context, const char *text)
{
        *(size_t *)context += strlen(text) + 1;
        return true;
}

static bool copy(void *context, const char *text)
{
        char **at = context;
        *at = stpcpy(*at, text) + 1;
        return true;
}

/* Never past the last text: that is empty, and so is only what ends a list. */
static bool compare(void *context, const char *text)
{
        const char **at = context;
        if (strcmp(*at, text) != 0)
                return false;
        *at += strlen(text) + 1;
        return true;
}

/* --- Files ------------------------------------------------------------------------------------ */

static bool same_time(const struct timespec *a, const struct timespec *b)
{
        return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_file(const struct wasm_stamp *a, const struct wasm_stamp *b)
{
        return a->inode == b->inode && a->device == b->device && a->size == b->size && same_time(&a->modified, &b->modified) &&
               same_time(&a->changed, &b->changed);
}

/* The time of change is the system's own, the other anybody's. */
struct wasm_stamp wasm_stamp_of(const struct stat *st)
{
        struct wasm_stamp stamp = { st->st_dev, st->st_ino, st->st_size, st->st_mtim, st->st_ctim, false };
        struct timespec now;
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
        stamp.settled = st->st_ctim.tv_sec > 0 && st->st_ctim.tv_sec + SETTLED_S < now.tv_sec;
        return stamp;
}

/* --- What is kept ----------------------------------------------------------------------------- */

void wasm_modules_init(struct wasm_modules *modules)
{
        list_init(&modules->list);
        modules->n = 0;
}

static void known_free(struct known *known)
{
        if (known)
                wasm_binding_unref(known->binding);
        free(known);
}

void wasm_modules_finish(struct wasm_modules *modules)
{
        while (!list_is_empty(&modules->list)) {
                struct known *known = CONTAINER_OF(modules->list.next, struct known, link);
                list_remove(&known->link);
                known_free(known);
        }
        modules->n = 0;
}

/* Called with the lock held. The last used are first. */
static struct known *find(struct wasm_modules *modules, const struct instance *instance, const struct wasm_stamp *stamp)
{
        bool checked = wasm_memory_is_checked(instance->domain);
        for (struct list *link = modules->list.next; link != &modules->list; link = link->next) {
                struct known *known = CONTAINER_OF(link, struct known, link);
                const char *terms = known->terms;
                if (same_file(&known->stamp, stamp) && known->checked == checked && each_text(instance, compare, &terms))
                        return known;
        }
        return NULL;
}

static void put_first(struct wasm_modules *modules, struct known *known)
{
        list_remove(&known->link);
        list_append(modules->list.next, &known->link); /* before the first, or into the empty list */
}

bool wasm_modules_find(const struct instance *instance, const struct wasm_stamp *stamp, struct wasm_binding **ret_binding,
                       enum marshal_encoding *ret_encoding)
{
        struct domains *domains = instance->domain->domains;
        domains_enter(domains);
        struct known *known = find(&domains->modules, instance, stamp);
        if (known) {
                put_first(&domains->modules, known);
                *ret_binding = wasm_binding_ref(known->binding);
                *ret_encoding = known->encoding;
        }
        domains_leave(domains);
        return known;
}

static struct known *known_new(const struct instance *instance, const struct wasm_stamp *stamp, struct wasm_binding *binding,
                               enum marshal_encoding encoding)
{
        size_t size = 0;
        each_text(instance, count, &size);
        struct known *known = malloc(sizeof *known + size);
        if (!known)
                return NULL;
        char *at = known->terms;
        each_text(instance, copy, &at);
        list_init(&known->link);
        known->stamp = *stamp;
        known->encoding = encoding;
        known->checked = wasm_memory_is_checked(instance->domain);
        known->binding = wasm_binding_ref(binding);
        return known;
}

/* What it drops unloads code, which is not to be waited for with the lock held. */
void wasm_modules_keep(const struct instance *instance, const struct wasm_stamp *stamp, struct wasm_binding *binding,
                       enum marshal_encoding encoding)
{
        struct domains *domains = instance->domain->domains;
        struct wasm_modules *modules = &domains->modules;
        struct known *known = stamp->settled ? known_new(instance, stamp, binding, encoding) : NULL, *dropped = NULL;
        if (!known)
                return;
        domains_enter(domains);
        if (find(modules, instance, stamp)) {
                dropped = known;
        } else {
                if (modules->n == WASM_MODULES_MAX) {
                        dropped = CONTAINER_OF(modules->list.prev, struct known, link);
                        list_remove(&dropped->link);
                } else {
                        modules->n++;
                }
                put_first(modules, known);
        }
        domains_leave(domains);
        known_free(dropped);
}
