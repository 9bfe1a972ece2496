#include "domain/grants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/grants_parts.h"
#include "domain/walk.h"
#include "policy/path.h"
#include "sandbox/layers.h"
#include "sandbox/root.h"

static const unsigned rights_of[] = {
        [PERMISSION_READ] = SANDBOX_READ,
        [PERMISSION_WRITE] = SANDBOX_READ | SANDBOX_WRITE | SANDBOX_MAKE,
        [PERMISSION_EXECUTE] = SANDBOX_READ | SANDBOX_RUN,
};

int grants_no_memory(struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the permissions of a domain");
}

/* --- Files of a worker ------------------------------------------------------------------------ */

struct meeting {
        struct domain_grants *grants;
        const struct permission *permission;
        bool by_others; /* the worker runs as another user */
        struct ward_fault *fault;
};

static int add_path(struct sandbox_grant **paths, size_t *n, const char *path, unsigned rights, struct ward_fault *fault)
{
        for (size_t i = 0; i < *n; i++) {
                if (strcmp((*paths)[i].path, path))
                        continue;
                (*paths)[i].rights |= rights;
                return 0;
        }
        struct sandbox_grant *more = reallocarray(*paths, *n + 1, sizeof *more);
        char *copy = strdup(path);
        if (more)
                *paths = more;
        if (!more || !copy) {
                free(copy);
                return grants_no_memory(fault);
        }
        more[(*n)++] = (struct sandbox_grant){ copy, rights };
        return 0;
}

static int add_found(struct domain_grants *grants, const char *path, unsigned rights, struct ward_fault *fault)
{
        int r = add_path(&grants->paths, &grants->granted.n, path, rights, fault);
        grants->granted.grants = grants->paths;
        return r;
}

static int add_named(struct domain_grants *grants, const char *path, unsigned rights, struct ward_fault *fault)
{
        return add_path(&grants->named, &grants->n_named, path, rights, fault);
}

/* The worker of a host that is user 0 runs as a user of its own, who is nobody's owner and in no group. */
static int check_others(const struct meeting *meeting, const char *path, const struct stat *st)
{
        const struct permission *permission = meeting->permission;
        mode_t needed = S_IROTH;
        if (permission->kind == PERMISSION_WRITE)
                needed |= S_IWOTH;
        if (S_ISDIR(st->st_mode)) /* of files, libraries need not be executable */
                needed |= S_IXOTH;
        if (!meeting->by_others || (st->st_mode & needed) == needed)
                return 0;
        return fault_set(
                meeting->fault, WARD_FAULT_REFUSED,
                "cannot grant '%s %s': where the host is root, a worker runs as a user of its own, whom the mode %04o of '%s' "
                "does not let do that; 'chmod o+%s%s%s' would",
                permission_name(permission->kind), permission->subject, st->st_mode & 07777u, path, needed & S_IROTH ? "r" : "",
                needed & S_IWOTH ? "w" : "", needed & S_IXOTH ? "x" : "");
}

/* Of links only that they are there. */
static int met(void *data, const char *path, const struct stat *st)
{
        const struct meeting *meeting = data;
        const struct permission *permission = meeting->permission;
        if (S_ISLNK(st->st_mode))
                return add_found(meeting->grants, path, 0, meeting->fault);
        const char *refusal = path_refusal(path);
        if (refusal)
                return fault_set(meeting->fault, WARD_FAULT_REFUSED, "cannot grant '%s %s', which leads to '%s': %s",
                                 permission_name(permission->kind), permission->subject, path, refusal);
        int r = check_others(meeting, path, st);
        if (!r)
                r = add_found(meeting->grants, path, rights_of[permission->kind], meeting->fault);
        if (!r && strcmp(path, permission->subject))
                r = add_named(meeting->grants, permission->subject, rights_of[permission->kind], meeting->fault);
        return r;
}

static int grant_path(struct domain_grants *grants, const struct permission *permission, struct ward_fault *fault)
{
        struct ward_fault own = { 0 };
        struct meeting meeting = { grants, permission, layers_wanted(WARD_LEVEL_INTRANET) & WARD_LAYER_OTHER_USER, &own };
        int r = walk_path(permission->subject, met, &meeting);
        if (own.kind != WARD_FAULT_NONE) {
                if (fault)
                        *fault = own;
                return -(int)own.kind;
        }
        if (r >= 0) /* what is not there grants nothing */
                return 0;
        return fault_set_errno(fault, WARD_FAULT_REFUSED, -r, "cannot grant '%s %s'", permission_name(permission->kind),
                               permission->subject);
}

static int compare(const void *a, const void *b)
{
        const struct sandbox_grant *one = a, *other = b;
        return strcmp(one->path, other->path);
}

/* Behind the folders that it is in, if any is granted: what adds nothing to them is dropped. */
static bool adds(struct domain_grants *grants, size_t n, struct sandbox_grant *grant)
{
        bool adds = true;
        for (size_t i = 0; i < n; i++) {
                if (!path_is_below(grant->path, grants->paths[i].path))
                        continue;
                grant->rights |= grants->paths[i].rights;
                adds = grant->rights != grants->paths[i].rights;
        }
        return adds;
}

/* Folders come before what is in them, and what is in one has its rights too, not less. */
static int settle(struct domain_grants *grants, struct ward_fault *fault)
{
        size_t kept = 0;
        if (grants->granted.n)
                qsort(grants->paths, grants->granted.n, sizeof *grants->paths, compare);
        for (size_t i = 0; i < grants->granted.n; i++) {
                if (adds(grants, kept, &grants->paths[i]))
                        grants->paths[kept++] = grants->paths[i];
                else
                        free((char *)grants->paths[i].path);
        }
        grants->granted.n = kept;
        if (kept <= SANDBOX_ROOT_GRANTS_MAX)
                return 0;
        return fault_set(fault, WARD_FAULT_REFUSED, "a domain is granted %d paths at most, not %zu; grant folders instead of files",
                         SANDBOX_ROOT_GRANTS_MAX, kept);
}

/* --- Folders of a module ---------------------------------------------------------------------- */

static int grant_folder(struct domain_grants *grants, const struct permission *permission, struct ward_fault *fault)
{
        struct stat st;
        const char *path = permission->subject;
        if (stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
                return 0;
        if (!S_ISDIR(st.st_mode))
                return fault_set(
                        fault, WARD_FAULT_REFUSED,
                        "cannot grant '%s %s': at kind wasm only folders are granted, and that is none; grant the one it is in",
                        permission_name(permission->kind), path);
        struct ward_folder *more = reallocarray(grants->folders, grants->n_folders + 1, sizeof *more);
        char *copy = strdup(path);
        if (more)
                grants->folders = more;
        if (!more || !copy) {
                free(copy);
                return grants_no_memory(fault);
        }
        uint32_t access = permission->kind == PERMISSION_WRITE ? WARD_FOLDER_READ | WARD_FOLDER_WRITE : WARD_FOLDER_READ;
        more[grants->n_folders++] = (struct ward_folder){ copy, copy, access };
        return 0;
}

/* --- Whole ------------------------------------------------------------------------------------ */

static int grant_one(struct domain_grants *grants, const struct grants_request *request, const struct permission *permission,
                     struct ward_fault *fault)
{
        switch (permission->kind) {
        case PERMISSION_SPAWN:
                grants->granted.spawn = true;
                return 0;
        case PERMISSION_CONNECT:
                return grants_add_address(grants, permission, fault);
        case PERMISSION_ENV:
                return 0; /* all at once */
        default:
                return request->isolation == WARD_WASM ? grant_folder(grants, permission, fault)
                                                       : grant_path(grants, permission, fault);
        }
}

static int grant_all(struct domain_grants *grants, const struct grants_request *request, struct ward_fault *fault)
{
        int r = 0;
        for (size_t i = 0; i < request->policy->n && !r; i++)
                r = grant_one(grants, request, &request->policy->permissions[i], fault);
        if (!r)
                r = grants_add_environment(grants, request, fault);
        return r ? r : settle(grants, fault);
}

int grants_new(const struct grants_request *request, struct domain_grants **ret_grants, struct ward_fault *fault)
{
        struct domain_grants *grants = own_zeroed(sizeof *grants);
        if (!grants)
                return grants_no_memory(fault);
        int r = grant_all(grants, request, fault);
        if (r)
                grants_free(grants);
        else
                *ret_grants = grants;
        return r;
}

struct domain_grants *grants_free(struct domain_grants *grants)
{
        if (!grants)
                return NULL;
        for (size_t i = 0; i < grants->granted.n; i++)
                free((char *)grants->paths[i].path);
        for (size_t i = 0; i < grants->n_named; i++)
                free((char *)grants->named[i].path);
        for (size_t i = 0; i < grants->n_folders; i++)
                free((char *)grants->folders[i].host);
        free(grants->paths);
        free(grants->named);
        free(grants->folders);
        free(grants->addresses);
        free(grants->hosts);
        grants_free_environment(grants->environment);
        free(grants);
        return NULL;
}
