#include "test/bindgen/fake.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <ward/addin.h>
#include <ward/host.h>
#include "base/own.h"
#include "marshal/marshal.h"
#include "test/harness/harness.h"

enum crossing crossing;

struct fake {
        struct ward_instance head;
        const struct ward_contract *contract;
        const void *services;
        const struct ward_addin *addin;
        struct ward_addin_env env;
        void *image;
        void (*direct[64])(void);
};

/* Linear memory: what is allocated is never freed, but with the whole. */
struct memory {
        struct marshal_memory memory;
        uint32_t used;
};

static int take(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        struct memory *self = memory->context;
        self->used = (self->used + align - 1) / align * align;
        *ret_at = self->used;
        self->used += size;
        assert_true(self->used <= memory->size);
        return 0;
}

static void memory_init(struct memory *memory)
{
        enum { SIZE = 1 << 16 };
        *memory = (struct memory){ .used = 8, .memory = { calloc(1, SIZE), SIZE, take, memory } };
        assert_non_null(memory->memory.base);
}

/* Both views describe a function alike. */
static void assert_same(const struct ward_func *a, const struct ward_func *b)
{
        assert_string_equal(a->name, b->name);
        assert_string_equal(a->signature, b->signature);
        assert_string_equal(a->core, b->core);
        assert_int_equal(a->params->size, b->params->size);
}

static void move_params(const struct ward_func *from, const struct ward_func *to, const void *args, void *own)
{
        uint64_t slots[WARD_FLAT_MAX] = { 0 };
        uint64_t budget = 1 << 16;
        struct memory memory;
        memory_init(&memory);
        if (crossing == CROSS_MEMORY) {
                assert_int_equal(marshal_lower_params(from, args, slots, &memory.memory, NULL), 0);
                assert_int_equal(marshal_lift_params(to, slots, &memory.memory, &budget, own, NULL), 0);
        } else {
                assert_int_equal(marshal_copy(from->params, args, NULL, from->params, own, NULL, NULL), 0);
        }
        free(memory.memory.base);
}

/* Moves the result at @at from one view's hands to the other's. */
static void move_result(const struct ward_func *from, const struct ward_func *to, void *at)
{
        uint64_t slots[WARD_FLAT_MAX] = { 0 };
        uint64_t budget = 1 << 16;
        struct memory memory;
        if (crossing != CROSS_MEMORY || !from->result)
                return;
        memory_init(&memory);
        assert_int_equal(marshal_lower_result(from, at, slots, &memory.memory, NULL), 0);
        ward_value_free(from->result, at);
        assert_int_equal(marshal_lift_result(to, slots, &memory.memory, &budget, at, NULL), 0);
        free(memory.memory.base);
}

static const struct ward_import *import_of(const struct fake *fake, const struct ward_func *func)
{
        for (uint32_t i = 0; i < fake->contract->n_imports; i++)
                if (!strcmp(fake->contract->imports[i].func->name, func->name))
                        return &fake->contract->imports[i];
        fail_msg("no import %s", func->name);
        return NULL;
}

/* An import's arguments are lent, so the host's copy is freed here. */
static void serve(void *context, uint32_t number, const void *args, void *ret)
{
        const struct fake *fake = context;
        const struct ward_func *func = fake->addin->imports[number];
        const struct ward_import *import = import_of(fake, func);
        _Alignas(16) char own[1024];
        assert_same(func, import->func);
        move_params(func, import->func, args, own);
        import->serve(import, fake->services, own, ret);
        ward_value_free(import->func->params, own);
        move_result(import->func, func, ret);
}

static const struct ward_addin_export *export_of(const struct fake *fake, const struct ward_func *func)
{
        for (uint32_t i = 0; i < fake->addin->n_exports; i++)
                if (!strcmp(fake->addin->exports[i].func->name, func->name))
                        return &fake->addin->exports[i];
        fail_msg("no export %s", func->name);
        return NULL;
}

int ward_activate(struct ward_host *host, const char *module, const struct ward_activate_options *options,
                  const struct ward_contract *contract, const void *services, struct ward_instance **ret_instance,
                  struct ward_fault *fault)
{
        struct fake *fake = calloc(1, sizeof *fake);
        assert_non_null(fake);
        fake->image = dlopen(module, RTLD_NOW | RTLD_LOCAL);
        if (!fake->image)
                fail_msg("%s", dlerror());
        fake->addin = dlsym(fake->image, WARD_ADDIN_SYMBOL);
        assert_non_null(fake->addin);
        assert_int_equal(fake->addin->abi, WARD_ADDIN_ABI);
        assert_string_equal(fake->addin->contract, contract->name);
        assert_int_equal(fake->addin->n_exports, contract->n_exports);
        fake->contract = contract;
        fake->services = services;
        fake->env = (struct ward_addin_env){ sizeof fake->env, fake, serve };
        fake->addin->bind(&fake->env);
        for (uint32_t i = 0; i < contract->n_exports; i++) {
                assert_same(export_of(fake, contract->exports[i])->func, contract->exports[i]);
                fake->direct[i] = export_of(fake, contract->exports[i])->direct;
        }
        fake->head.direct = crossing == CROSS_DIRECT ? fake->direct : NULL;
        *ret_instance = &fake->head;
        return 0;
}

struct ward_instance *ward_release(struct ward_instance *instance)
{
        struct fake *fake = (struct fake *)instance;
        dlclose(fake->image);
        free(fake);
        return NULL;
}

int ward_call(struct ward_instance *instance, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        const struct fake *fake = (const struct fake *)instance;
        const struct ward_func *func = fake->contract->exports[index];
        const struct ward_addin_export *export = export_of(fake, func);
        _Alignas(16) char own[1024];
        assert_true(func->params->size <= sizeof own);
        move_params(func, export->func, args, own);
        export->call(own, ret);
        move_result(export->func, func, ret);
        return 0;
}

struct ward_domain *ward_instance_domain(struct ward_instance *instance)
{
        return NULL;
}

void ward_instance_set_deadline(struct ward_instance *instance, uint32_t deadline_ms)
{
}
