/* Native add-ins (.so): opened and matched with a contract, by whoever will run them: the host at kind `direct`, a worker at
 * kind `process`.
 *
 * 1. native_open  2. native_match, native_match_resources  3. image.addin->bind(env)  4. native_close */
#ifndef NATIVE_NATIVE_H
#define NATIVE_NATIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/addin.h>
#include <ward/fault.h>
#include "base/span.h"

struct native_image {
        void *handle;
        int copy; /* memfd that the image was loaded from, or -1; kept open so that its name stays unique */
        const struct ward_addin *addin;
};

/* Loads @path, running its constructors. Each image is an add-in's own: where the file is loaded already, a private copy is
 * loaded instead. */
int native_open(const char *path, struct native_image *ret_image, struct ward_fault *fault);
/* The same of a file that was looked at: what @file opens, called @name. */
int native_open_as(const char *file, const char *name, struct native_image *ret_image, struct ward_fault *fault);
/* Looks whether @path may be a shared library. @ret_copy: a private copy of it, or NULL. */
int native_look(const char *path, int *ret_copy, struct ward_fault *fault);
/* The same from a copy in memory, @fd, of what is called @name. Takes @fd, even on failure. */
int native_open_copy(int fd, const char *name, struct native_image *ret_image, struct ward_fault *fault);
/* Makes such a copy of @bytes, which nobody can change any more. */
int native_copy(struct ward_span bytes, const char *name, int *ret_fd, struct ward_fault *fault);
void native_close(struct native_image *image);

/* One function as a contract has it. */
struct native_func {
        const char *name;
        const char *signature;
        bool denied; /* an import that the add-in may not use */
};

/* A resource as a contract has it. One may stand twice in a contract, once on each side. */
struct native_resource {
        const char *name;
        bool by_addin;
        bool denied; /* one of the host's that the add-in may not use */
};

/* What the host's contract says. */
struct native_want {
        const char *contract;
        const struct native_func *exports;
        uint32_t n_exports;
        const struct native_func *imports;
        uint32_t n_imports;
        const struct native_resource *resources;
        uint32_t n_resources;
};

/* Finds each wanted export in @addin (its index goes to @ret_exports, n_exports long) and each of @addin's imports in @want (its
 * index goes to @ret_imports, addin->n_imports long). A fault names the first function that is missing, denied or differs. @path is
 * for its text. */
int native_match(const struct ward_addin *addin, const char *path, const struct native_want *want, uint32_t *ret_exports,
                 uint32_t *ret_imports, struct ward_fault *fault);

enum { NATIVE_NO_RESOURCE = UINT32_MAX };

/* The same for resources. @ret_addins: for each of @want's its index in @addin, or NATIVE_NO_RESOURCE for one of the host's that
 * the add-in does not use. @ret_wanted: for each of @addin's its index in @want, or NATIVE_NO_RESOURCE for one of its own that the
 * host does not know. A fault names the first that is missing. */
int native_match_resources(const struct ward_addin *addin, const char *path, const struct native_want *want, uint32_t *ret_addins,
                           uint32_t *ret_wanted, struct ward_fault *fault);

#endif
