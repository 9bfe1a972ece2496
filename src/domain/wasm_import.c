/* Kind `wasm`: what a module calls: the host's functions, Ward's for its handles, and WASI. On the calling host thread, which is in
 * module code but for where the host itself runs. */
#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "domain/pending.h"
#include "domain/wasm_loaded.h"
#include "domain/wasm_terms.h"

enum { ROOM = 512 }; /* for most argument structs and results without malloc */

/* A C value of a size that the contract says: on the stack, where it fits. */
struct room {
        void *at;
        void *heap;
        _Alignas(16) uint8_t stack[ROOM];
};

static int room_make(struct room *room, const struct ward_type *type, struct ward_fault *fault)
{
        size_t size = type ? type->size : 0;
        room->heap = size > ROOM ? malloc(size) : NULL;
        room->at = size > ROOM ? room->heap : room->stack;
        return room->at ? 0 : fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the values of a call");
}

static void room_finish(struct room *room)
{
        free(room->heap);
}

static int give_result(struct loaded *loaded, const struct ward_func *func, const struct crossing *crossing, uint64_t *slots,
                       const void *ret, struct ward_fault *fault)
{
        struct marshal_memory *memory = loaded_memory(loaded, crossing);
        uint32_t last = ward_func_spills(func) ? 1 : func->params->flat;
        if (ward_func_returns_pointer(func))
                return marshal_store_result(func, ret, (uint32_t)slots[last], memory, fault);
        return marshal_lower_result(func, ret, slots, memory, fault);
}

int loaded_look_around(struct loaded *loaded, const char *function, struct ward_fault *fault)
{
        if (wasm_instance_is_ending(loaded->wasm))
                return wasm_instance_ending(loaded->wasm, function, fault);
        if (!domain_is_running(loaded->instance->domain))
                return domain_unloaded_fault(loaded->instance->domain, fault);
        return 0;
}

/* The host's part of an import that failed: it destroys what did not arrive. */
static void take_back(struct loaded *loaded, struct crossing *crossing, const struct ward_type *type, const void *value)
{
        if (!crossing)
                return;
        wasm_instance_to_host(loaded->wasm);
        crossing_undo(crossing);
        crossing_refuse(crossing, type, value);
        wasm_instance_from_host(loaded->wasm);
}

/* Without a crossing it is to cost nothing that there might be one: hence once more for that, where it is called. */
#define FOR_BOTH static inline __attribute__((always_inline))

FOR_BOTH int serve(struct loaded *loaded, uint32_t import, struct crossing *crossing, uint64_t *slots, const void *args, void *ret,
                   struct ward_fault *fault)
{
        struct instance *instance = loaded->instance;
        const struct ward_func *func = instance->contract->imports[import].func;
        wasm_instance_to_host(loaded->wasm);
        int r = instance_serve(instance, import, args, ret, fault);
        wasm_instance_from_host(loaded->wasm);
        if (!r)
                r = loaded_look_around(loaded, func->name, fault);
        if (!func->result)
                return r;
        if (!r)
                r = give_result(loaded, func, crossing, slots, ret, fault);
        if (r)
                take_back(loaded, crossing, func->result, ret);
        ward_value_free(func->result, ret);
        return r;
}

FOR_BOTH int serve_import(struct loaded *loaded, uint32_t import, struct crossing *crossing, uint64_t *slots,
                          struct ward_fault *fault)
{
        const struct ward_func *func = loaded->instance->contract->imports[import].func;
        struct marshal_memory *memory = loaded_memory(loaded, crossing);
        uint64_t budget = loaded_budget(memory);
        struct room args, ret;
        args.heap = ret.heap = NULL; /* the rest need not be cleared */
        int r = room_make(&args, func->params, fault);
        if (!r)
                r = room_make(&ret, func->result, fault);
        if (!r) {
                r = marshal_lift_params(func, slots, memory, &budget, args.at, fault);
                if (r)
                        take_back(loaded, crossing, NULL, NULL);
        }
        if (!r) {
                if (crossing)
                        crossing_arrived(crossing);
                r = serve(loaded, import, crossing, slots, args.at, ret.at, fault);
                ward_value_free(func->params, args.at);
        }
        room_finish(&args);
        room_finish(&ret);
        return r;
}

/* The same with handles. */
static int serve_crossed(struct loaded *loaded, uint32_t import, uint64_t *slots, struct ward_fault *fault)
{
        struct crossing crossing;
        crossing_begin(&crossing, loaded->instance->references);
        int r = serve_import(loaded, import, &crossing, slots, fault);
        crossing_end(&crossing);
        return r;
}

/* What the module asks of a resource. A host's object may be destroyed by it, or one of the module's own. */
static int serve_resource(struct loaded *loaded, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
{
        struct references *references = loaded->instance->references;
        uint32_t resource, in = (uint32_t)slots[0], out = 0;
        enum wasm_act act = wasm_resource_offer(loaded->instance->contract, offer, &resource);
        int r;
        if (act == WASM_ACT_DROP) {
                wasm_instance_to_host(loaded->wasm);
                r = references_drop(references, resource, in, fault);
                wasm_instance_from_host(loaded->wasm);
                return r ? r : loaded_look_around(loaded, "[resource-drop]", fault);
        }
        if (act == WASM_ACT_NEW)
                r = references_new_handle(references, resource, in, &out, fault);
        else
                r = references_rep(references, resource, in, &out, fault);
        slots[0] = out;
        return r;
}

static int import_function(struct loaded *loaded, uint32_t import, uint64_t *slots, struct ward_fault *fault)
{
        if (loaded->instance->references && func_has_handles(loaded->instance->contract->imports[import].func))
                return serve_crossed(loaded, import, slots, fault);
        return serve_import(loaded, import, NULL, slots, fault);
}

int loaded_import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
{
        struct loaded *loaded = context;
        uint32_t n = loaded->instance->contract->n_imports;
        if (loaded->crosses && offer < n + loaded->n_resource_offers)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "it called out of cabi_realloc or cabi_post, while values crossed");
        if (offer < n)
                return import_function(loaded, offer, slots, fault);
        offer -= n;
        if (offer < loaded->n_resource_offers)
                return serve_resource(loaded, offer, slots, fault);
        offer -= loaded->n_resource_offers;
        if (offer == WASI_FUNCTIONS) {
                slots[0] = pending_is_cancelled();
                return 0;
        }
        return wasi_call(loaded->wasi, offer, loaded->wasm, loaded->instance->name, slots, fault);
}
