/* What the files of kind `direct` share.
 *
 * The add-in is trusted, but its handles may still be wrong by mistake, and there is no boundary at which such a call could be
 * ended. So what is asked for with a bad handle does nothing: resource_rep gives NULL, resource_new gives 0, resource_drop drops
 * nothing, an import is not served and its result is all zeros. The innermost call that goes through Ward then fails with PROTOCOL
 * when the add-in returns. */
#ifndef DOMAIN_DIRECT_H
#define DOMAIN_DIRECT_H

#include "domain/domain.h"
#include "native/libraries.h"
#include "native/native.h"
#include "native/reps.h"

/* Which values of a function have another form in the add-in than in the host: they hold handles, or strings are encoded otherwise.
 */
struct direct_forms {
        bool params;
        bool result;
};

struct direct {
        struct native_image image;
        struct opened_libraries libraries;
        struct ward_addin_env env;
        uint32_t *exports;                 /* the contract's index -> the add-in's */
        uint32_t *imports;                 /* the add-in's index -> the contract's */
        struct direct_forms *export_forms; /* by the contract's index */
        struct direct_forms *import_forms; /* by the add-in's */
        uint32_t *resources;               /* the contract's index -> the add-in's, or NATIVE_NO_RESOURCE */
        uint32_t *wanted;                  /* the add-in's index -> the contract's, or NATIVE_NO_RESOURCE */
        struct reps *reps;
        void (**connect)(void);
};

/* direct_call.c */
struct direct_forms direct_forms_of(const struct ward_func *host, const struct ward_func *addin);
struct ward_addin_env direct_env(struct instance *instance);
int direct_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault);
/* references_destroy of this kind. */
int direct_destroy(struct instance *instance, uint32_t resource, uint32_t number, struct ward_fault *fault);

#endif
