/* From the permissions of an activation to what its domain is granted.
 *
 *      1. grants_new, when a domain is made: paths are followed, names resolved, variables of the host read
 *      2. kind->start and kind->load use it: a worker's plan has @granted, a module's WASI the folders
 *      3. grants_free, with the domain */
#ifndef DOMAIN_GRANTS_H
#define DOMAIN_GRANTS_H

#include <ward/host.h>
#include "policy/file.h"
#include "sandbox/grants.h"

struct domain_grants {
        struct grants granted;       /* of files at kind `process` only */
        struct ward_folder *folders; /* kind `wasm` */
        size_t n_folders;
        /* Paths with links in them, as they were granted by name: what @granted has of them is where they lead. A warden, which
         * judges by name, is told of both. Owned, as the paths are */
        struct sandbox_grant *named;
        size_t n_named;
        struct sandbox_grant *paths; /* what @granted points to; owned, as the paths themselves are, and the next two */
        struct sandbox_address *addresses;
        char *hosts; /* addresses by name, as /etc/hosts has them: what an add-in finds there. Owned; NULL: none */
        char **environment;
};

struct grants_request {
        enum ward_isolation isolation;
        const struct policy *policy;    /* its permissions; the domain takes them */
        const char *const *environment; /* NULL-terminated "K=V", beside them; NULL: none */
};

/* 0; REFUSED: what cannot be granted; USAGE: a variable with two values; SYSTEM: a name that is not resolved, no memory. */
int grants_new(const struct grants_request *request, struct domain_grants **ret_grants, struct ward_fault *fault);
/* Takes NULL, returns NULL. */
struct domain_grants *grants_free(struct domain_grants *grants);

/* One list of "K=V" behind another, without what is in both: to be freed by grants_free_environment. Both may be NULL. 0, or USAGE
 * where they give a variable different values. */
int grants_join_environment(const char *const *one, const char *const *other, char ***ret_environment, struct ward_fault *fault);
char **grants_free_environment(char **environment);

#endif
