/* Kind `process`, called by several threads at once, against a worker that says anything (channel_worker.h): on whatever lane, and
 * beyond it, in other lanes' mailboxes and values. Each value that reaches the host is well formed, and all is over in the end. The
 * input: whether the worker starts honestly, whether the domain is free-threaded, what the threads do; the rest is the worker's. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <ward/host.h>

#include "base/fault.h"
#include "base/own.h"
#include "fuzz/channel_contract.h"
#include "fuzz/channel_worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { THREADS = 3, SCRIPT = 6, HEAD = 2 + THREADS * SCRIPT, NESTING = 2, ARENA = 256 << 10, DEADLINE_MS = 100 };

static struct ward_host *host;
static _Atomic(struct ward_instance *) instance;
static bool free_threaded;

static void require(bool holds)
{
        if (!holds)
                abort();
}

/* --- Values ----------------------------------------------------------------------------------- */

/* What the worker sent. No object of the host's is ever handed out, so none can come back. */
static void on_own(const struct ward_type *type, const void *at)
{
        uint64_t token;
        struct ward_fault fault;
        if (!type->resource->by_addin)
                abort();
        memcpy(&token, at, sizeof token);
        ward_token_release(host, token, &fault);
}

static void receive(const struct ward_type *type, const void *at)
{
        channel_check_value(type, at, on_own);
}

static uint8_t letters[] = "text";
static uint32_t numbers[] = { 1, 2, 0xffffffff };

static struct text some_text(void)
{
        return (struct text){ letters, sizeof letters - 1 };
}

static struct point some_point(void)
{
        return (struct point){ some_text(), { numbers, COUNT_OF(numbers) }, { true, 7 }, 0.5 };
}

/* --- Calls ------------------------------------------------------------------------------------ */

static void call(uint32_t export, const void *args)
{
        union {
                uint64_t any[16];
                struct shape shape;
        } ret;
        const struct ward_type *result = channel_exports[export]->result;
        struct ward_fault fault;
        int r = ward_call(atomic_load(&instance), export, args, &ret, &fault);
        require(!r || (r < 0 && fault.kind == (enum ward_fault_kind) - r));
        if (r)
                return;
        receive(result, &ret);
        ward_value_free(result, &ret);
}

static int activate(struct ward_domain *domain, struct ward_instance **ret_instance);

/* In the same domain; it comes and goes. */
static void load_another(void)
{
        struct ward_instance *other;
        if (!activate(ward_instance_domain(atomic_load(&instance)), &other))
                ward_release(other);
}

static void do_one(uint8_t choice);

static void *run_another(void *data)
{
        do_one((uint8_t)(uintptr_t)data);
        return NULL;
}

/* Its lane is given back. */
static void do_in_a_thread(uint8_t choice)
{
        pthread_t thread;
        require(!pthread_create(&thread, NULL, run_another, (void *)(uintptr_t)choice));
        pthread_join(thread, NULL);
}

static void do_one(uint8_t choice)
{
        struct point points[] = { some_point(), some_point() };
        const struct add_args add = { choice, -1 };
        const struct describe_args describe = { some_text(), { numbers, choice % 4 } };
        const struct shapes_args shapes = { { points, choice % 3 }, choice };
        const struct make_args make = { some_text() };
        struct many_args many;
        for (int i = 0; i < MANY; i++)
                many.texts[i] = some_text();
        switch (choice % 8) {
        case 0:
                call(EXPORT_ADD, &add);
                break;
        case 1:
                call(EXPORT_DESCRIBE, &describe);
                break;
        case 2:
                call(EXPORT_SHAPES, &shapes);
                break;
        case 3:
                call(EXPORT_MAKE, &make);
                break;
        case 4:
                call(EXPORT_BOXES, NULL);
                break;
        case 5:
                call(EXPORT_MANY, &many);
                break;
        case 6:
                do_in_a_thread(choice / 8);
                break;
        default:
                load_another();
                break;
        }
}

/* --- Services --------------------------------------------------------------------------------- */

static void serve_note(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        receive(import->func->params, args);
        memset(ret, 0, import->func->result->size);
}

static void serve_nest(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        static __thread unsigned depth;
        const struct nest_args *in = args;
        if (atomic_load(&instance) && depth < NESTING) {
                depth++;
                do_one(in->n);
                depth--;
        }
        *(uint8_t *)ret = in->n;
}

static void serve_adopt(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        receive(import->func->params, args);
}

static void destroy_item(const void *services, void *object)
{
        abort();
}

/* --- One input -------------------------------------------------------------------------------- */

static const struct ward_contract_resource resources[] = { { &channel_resources[RESOURCE_BOX], NULL },
                                                           { &channel_resources[RESOURCE_ITEM], destroy_item } };

static struct ward_import imports[3];

static const struct ward_contract contract = { .name = "fuzz:channel/w",
                                               .n_exports = EXPORTS,
                                               .n_imports = COUNT_OF(imports),
                                               .exports = channel_exports,
                                               .imports = imports,
                                               .n_resources = RESOURCES,
                                               .resources = resources };

static int activate(struct ward_domain *domain, struct ward_instance **ret_instance)
{
        const struct ward_activate_options options = { .size = sizeof options,
                                                       .isolation = WARD_PROCESS,
                                                       .level = WARD_LEVEL_FULL_TRUST,
                                                       .name = "fuzz",
                                                       .domain = domain,
                                                       .activate_ms = DEADLINE_MS,
                                                       .deadline_ms = DEADLINE_MS,
                                                       .limits = { .size = sizeof options.limits, .arena_bytes = ARENA },
                                                       .free_threaded = free_threaded };
        struct ward_fault fault;
        return ward_activate(host, "/proc/self/exe", &options, &contract, NULL, ret_instance, &fault);
}

static void *run_script(void *data)
{
        const uint8_t *script = data;
        for (int i = 0; i < SCRIPT; i++)
                do_one(script[i]);
        return NULL;
}

static void run_threads(uint8_t *scripts)
{
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
                require(!pthread_create(&threads[i], NULL, run_script, scripts + i * SCRIPT));
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct ward_instance *made;
        struct ward_fault fault;
        uint8_t scripts[THREADS * SCRIPT];
        if (size < HEAD)
                return 0;
        imports[0] = (struct ward_import){ channel_imports[IMPORT_NOTE], serve_note };
        imports[1] = (struct ward_import){ channel_imports[IMPORT_NEST], serve_nest };
        imports[2] = (struct ward_import){ channel_imports[IMPORT_ADOPT], serve_adopt };
        free_threaded = data[1] & 1;
        memcpy(scripts, data + 2, sizeof scripts);
        channel_worker_set(data + HEAD, size - HEAD, data[0] != 0);
        require(!ward_host_new(NULL, &host, &fault));
        if (!activate(NULL, &made)) {
                atomic_store(&instance, made);
                run_threads(scripts);
                atomic_store(&instance, NULL);
                ward_release(made);
        }
        ward_host_free(host);
        return 0;
}
