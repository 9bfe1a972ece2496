/* A policy: security level, limits and permissions, as text. Pure.
 *
 *      # what the report maker needs
 *      level intranet
 *      limit memory 64M
 *      read templates
 *      write /var/lib/reports
 *
 *      1. policy_parse  2. policy_finish */
#ifndef POLICY_FILE_H
#define POLICY_FILE_H

#include <ward/host.h>
#include "policy/limit.h"
#include "policy/permission.h"

enum {
        POLICY_PERMISSIONS_MAX = 1024,
        POLICY_ERRORS_MAX = 20,         /* that are told at once */
        POLICY_BYTES_MAX = 1024 * 1024, /* of a text */
};

struct policy {
        enum ward_level level;          /* WARD_LEVEL_DEFAULT: it says none */
        uint64_t limits[POLICY_LIMITS]; /* 0: it says none */
        struct permission *permissions; /* owned */
        size_t n;
};

/* @name is the file's, for errors; paths in it begin in @folder, which is absolute. 0 with *@ret_policy, to be finished; -EINVAL
 * with *@ret_errors, for the caller to free: a line "file:line:column: what is wrong" for each error, the last one without its end;
 * -ENOMEM. */
int policy_parse(struct ward_span text, const char *name, const char *folder, struct policy *ret_policy, char **ret_errors);
void policy_finish(struct policy *policy);

/* Adds @permission, which is taken over, even on failure. 0, -ENOMEM, or -E2BIG: there are too many. */
int policy_add(struct policy *policy, struct permission *permission);

/* As it is read back. */
void policy_print(const struct policy *policy, FILE *out);

#endif
