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

/* How an add-in calls the host. @args is the generated argument struct of import number @import, borrowed for the call; the
 * result is written to @ret and is the add-in's to free. Returns when the host has answered; if the host ends the call
 * instead, it does not return. */
struct ward_addin_env {
        uint32_t size; /* of this struct as its maker knew it */
        void *context;
        void (*call)(void *context, uint32_t import, const void *args, void *ret);
};

struct ward_addin_export {
        const struct ward_func *func;
        void (*call)(void *args, void *ret); /* takes over what @args owns; the caller frees what @ret holds */
        void (*direct)(void); /* the add-in's own C function, for direct connect; NULL where something owned is passed */
};

struct ward_addin {
        uint32_t abi; /* WARD_ADDIN_ABI */
        uint32_t n_exports;
        uint32_t n_imports;
        const char *contract; /* "ns:pkg/world@1.0.0" */
        const struct ward_addin_export *exports;
        const struct ward_func *const *imports;
        void (*bind)(const struct ward_addin_env *env); /* @env stays the caller's, and stays valid while the add-in is loaded */
};

#ifdef __cplusplus
}
#endif
#endif
