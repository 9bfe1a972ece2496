/* The libraries of a native add-in: found in the host, before a domain is made or entered for it, so that the host's resolver may
 * do what it likes; without running any of their code (native/needed.h).
 *
 * 1. libraries_find  2. kind->load opens them before the add-in  3. needed_finish
 *
 * At kind `process` that is all there are but those which the worker program has loaded itself. At kind `direct` the loader does
 * it, with its own folders, as for any library of the host's: only where the host says where to look, or resolves, are they found
 * before. */
#ifndef DOMAIN_LIBRARIES_H
#define DOMAIN_LIBRARIES_H

#include "domain/domain.h"
#include "native/needed.h"

/* Where a library is that was not found: 0, and what the host says, to be released; 1: it does not know; or a fault. */
typedef int (*libraries_ask)(struct domains *domains, const char *name, const char *by, const struct ward_activate_options *options,
                             struct ward_module *ret_module, struct ward_fault *fault);

/* USAGE: not all are absolute. */
int libraries_check_folders(const char *const *names, struct ward_fault *fault);

/* Those of @source, for the kind that @options ask for; none for modules of WebAssembly, and for what is no library: whoever loads
 * that says so. Nothing of @source's or the domain's is to be held. @ask: NULL: nobody. */
int libraries_find(struct domains *domains, const struct instance_source *source, const struct ward_activate_options *options,
                   libraries_ask ask, struct needed *ret_libraries, struct ward_fault *fault);

/* The libraries that the worker program needs itself; part of struct domains. */
struct worker_libraries;
struct worker_libraries *worker_libraries_free(struct worker_libraries *libraries);
/* They are read once a host, and stay as long as that. */
int worker_libraries_get(struct domains *domains, const struct worker_libraries **ret_libraries, struct ward_fault *fault);
bool worker_libraries_has(const struct worker_libraries *libraries, const char *name);

/* In the domain's turn: whether what @instance needs can be loaded beside what is there. A domain has one library of a name. */
int libraries_check(const struct instance *instance, struct ward_fault *fault);

/* The same: whether @file, of @instance's, is bytes that were loaded for another add-in. */
bool libraries_has_copy(const struct instance *instance, const struct needed_file *file);

#endif
