/* The add-in's side of Ward. For generated code; people include the add-in view that `ward bindgen --addin` writes.
 *
 * A native add-in (.so) exports one symbol, `ward_addin_1`, a struct ward_addin: what it implements, what it needs, and how
 * to reach both. It links to nothing of Ward. In the image of one add-in there is one instance: whoever loads it calls
 * bind() once, before any export.
 *
 * A WebAssembly add-in exports core functions by the Canonical ABI's names instead, and carries the name of its contract in
 * the custom section `ward-contract`: its claim, checked against the module's real types when it is activated. */
#ifndef WARD_ADDIN_H
#define WARD_ADDIN_H

#include <ward/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WARD_ADDIN_ABI    1
#define WARD_ADDIN_SYMBOL "ward_addin_1"

struct ward_memory; /* <ward/addin_buffer.h> */

/* How an add-in calls the host. @args is the generated argument struct of import number @import, borrowed for the call; the
 * result is written to @ret and is the add-in's to free. Returns when the host has answered; if the host ends the call
 * instead, it does not return. */
struct ward_addin_env {
        uint32_t size; /* of this struct as its maker knew it */
        void *context;
        void (*call)(void *context, uint32_t import, const void *args, void *ret);
        /* Handles; @resource is an index into ward_addin.resources. A handle that is none, or another resource's, ends the call: it
         * does not return. At kind `direct`, where no call can be ended, the answer is 0 or NULL and nothing is dropped; then the
         * call fails when the add-in returns. */
        int32_t (*resource_new)(void *context, uint32_t resource,
                                void *object); /* of the add-in's own: a handle that owns @object */
        void *(*resource_rep)(void *context, uint32_t resource, int32_t handle); /* of the add-in's own: the object */
        void (*resource_drop)(void *context, uint32_t resource, int32_t handle); /* any; the last one destroys the object */
        /* A call without result whose end nobody waits for. It is queued, and made in the order of posting, at the latest before
         * the thread's next message to the host: another call, or its return. Posted on a thread of the add-in's own it is made as
         * soon as the host dispatches. @args is read before it returns. A full queue makes it wait for the host. NULL, or not there
         * by @size: @call does as well. */
        void (*post)(void *context, uint32_t import, const void *args);
        void (*flush)(void *context);     /* has the host make the calls that this thread has posted; does not wait for them */
        const struct ward_memory *memory; /* the functions of <ward/buffer.h>. NULL, or not there by @size: there are none */
        bool (*cancelled)(void *context); /* whether the call that runs on this thread is to end: the host has cancelled it */
};

/* For generated code: what @env has, or in its place an ordinary call. */
static inline void ward_addin_post(const struct ward_addin_env *env, uint32_t import, const void *args)
{
        if (env->size > offsetof(struct ward_addin_env, post) && env->post)
                env->post(env->context, import, args);
        else
                env->call(env->context, import, args, NULL);
}

static inline void ward_addin_flush(const struct ward_addin_env *env)
{
        if (env->size > offsetof(struct ward_addin_env, flush) && env->flush)
                env->flush(env->context);
}

static inline bool ward_addin_cancelled(const struct ward_addin_env *env)
{
        return env->size > offsetof(struct ward_addin_env, cancelled) && env->cancelled && env->cancelled(env->context);
}

/* In which form arguments reach an export. */
enum ward_ownership {
        WARD_OWNING = 0,    /* the callee's, each string and list a block of malloc */
        WARD_BORROWING = 1, /* const views for the length of the call, read in place where the layouts allow it */
};

struct ward_addin_export {
        const struct ward_func *func;
        void (*call)(void *args, void *ret); /* owning: takes over what @args owns. The caller frees what @ret holds */
        void (*direct)(void); /* the add-in's own C function, for direct connect; NULL where something owned is passed */
};

struct ward_addin_resource {
        const struct ward_resource *resource;
        void (*destroy)(void *object); /* of the add-in's own; NULL for the host's */
};

struct ward_addin {
        uint32_t abi; /* WARD_ADDIN_ABI */
        uint32_t n_exports;
        uint32_t n_imports;
        const char *contract; /* "ns:pkg/world@1.0.0" */
        const struct ward_addin_export *exports;
        const struct ward_func *const *imports;
        void (*bind)(const struct ward_addin_env *env); /* @env stays the caller's, and stays valid while the add-in is loaded */
        uint32_t ownership;                             /* enum ward_ownership */
        uint32_t n_resources;
        const struct ward_addin_resource *resources;
};

/* What every add-in defines, in its generated source. */
#ifdef __wasm__
void *cabi_realloc(void *ptr, size_t old_size, size_t align, size_t new_size);
#else
extern __attribute__((visibility("default"))) const struct ward_addin ward_addin_1;
#endif

/* Where a native add-in carries its contract: an ELF note in a section of this name, owner and type (elf(5), "Notes"). A
 * WebAssembly module has a custom section `ward-contract`. Their content is the same text:
 *
 *      ward-contract 1
 *      world example:calculator/calculator@1.0.0
 *      encoding utf8
 *      export func operate func(operation: string, operands: list<f64>) -> result<f64, string>
 *      import func log func(line: string)
 *      export resource example:calculator/tapes#tape
 *                                                      an empty line, and the world and all that it refers to as WIT
 *      package example:calculator@1.0.0 { … }
 */
#define WARD_NOTE_SECTION ".note.ward"
#define WARD_NOTE_OWNER   "Ward"
#define WARD_NOTE_TYPE    1

/* What stands before and behind the text where file-scope assembly writes it: nothing else makes a note, or a custom section. */
#ifdef __wasm__
#define WARD_CONTRACT_BEGIN ".section \".custom_section.ward-contract\",\"\",@\n"
#define WARD_CONTRACT_END   ""
#else
#define WARD_CONTRACT_BEGIN                                                                                                        \
        ".pushsection .note.ward,\"a\",%note\n.balign 4\n.long 2f - 1f, 4f - 3f, 1\n1: .asciz \"Ward\"\n2: .balign 4\n3:\n"
#define WARD_CONTRACT_END "4: .balign 4\n.popsection\n"
#endif

#ifdef __cplusplus
}
#endif
#endif
