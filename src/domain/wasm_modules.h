/* The modules that a host has activated lately: an add-in that is activated again, from a file that has not changed, for the same
 * contract, is neither read nor checked nor looked up anew.
 *
 *      1. wasm_stamp_of                 before the file is read
 *      2. wasm_modules_find             with a binding, and that is all
 *      3. wasm_modules_keep             where there was none, once the module was read, checked and bound
 *
 * A file is known by device, inode, size and times. One that was changed so lately that its times could hide another change is not
 * kept, as git does it with its index. A contract is compared by content, and so is what an add-in may not import: either may be
 * gone, and something else be in its place.
 *
 * The last used are kept, whether there are instances of them or not, until the host goes. Guarded by the lock of struct domains:
 * any thread may come; a forked child begins with none. */
#ifndef DOMAIN_WASM_MODULES_H
#define DOMAIN_WASM_MODULES_H

#include <sys/stat.h>
#include "domain/domain.h"
#include "marshal/marshal.h"
#include "wasm/binding.h"

enum { WASM_MODULES_MAX = 64 }; /* kept in a host */

/* A file as it is at a time. */
struct wasm_stamp {
        dev_t device;
        ino_t inode;
        off_t size;
        struct timespec modified, changed;
        bool settled; /* its times would show a change from here on */
};

/* @st: of a file that is looked at now. */
struct wasm_stamp wasm_stamp_of(const struct stat *st);

/* True with a reference to the binding. */
bool wasm_modules_find(const struct instance *instance, const struct wasm_stamp *stamp, struct wasm_binding **ret_binding,
                       enum marshal_encoding *ret_encoding);
/* Takes a reference of its own. Where there is no memory nothing is kept. */
void wasm_modules_keep(const struct instance *instance, const struct wasm_stamp *stamp, struct wasm_binding *binding,
                       enum marshal_encoding encoding);

/* For domains.c: with the host; in a forked child, where another thread may have been changing them; and at the end. */
void wasm_modules_init(struct wasm_modules *modules);
void wasm_modules_finish(struct wasm_modules *modules);

#endif
