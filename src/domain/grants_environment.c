/* The variables that a domain sees. */
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/grants_parts.h"

struct variables {
        char **at; /* NULL-terminated */
        size_t n;
};

char **grants_free_environment(char **environment)
{
        for (size_t i = 0; environment && environment[i]; i++)
                free(environment[i]);
        free(environment);
        return NULL;
}

static const char *find(const struct variables *variables, const char *name, size_t len)
{
        for (size_t i = 0; i < variables->n; i++)
                if (!strncmp(variables->at[i], name, len) && variables->at[i][len] == '=')
                        return variables->at[i];
        return NULL;
}

/* @text: "K=V". */
static int add(struct variables *variables, const char *text, struct ward_fault *fault)
{
        const char *before = find(variables, text, strcspn(text, "="));
        if (before && !strcmp(before, text))
                return 0;
        if (before)
                return fault_set(fault, WARD_FAULT_USAGE, "variable %.*s is given two values", (int)strcspn(text, "="), text);
        char **more = reallocarray(variables->at, variables->n + 2, sizeof *more);
        if (!more)
                return grants_no_memory(fault);
        variables->at = more;
        more[variables->n] = strdup(text);
        more[variables->n + 1] = NULL;
        return more[variables->n] ? (variables->n++, 0) : grants_no_memory(fault);
}

static int add_list(struct variables *variables, const char *const *texts, struct ward_fault *fault)
{
        int r = 0;
        for (; texts && *texts && !r; texts++)
                r = add(variables, *texts, fault);
        return r;
}

/* One that the host does not have, the domain does not have either. */
static int add_granted(struct variables *variables, const struct permission *permission, struct ward_fault *fault)
{
        OWNED(freep) char *text = NULL;
        const char *value = permission->value ? permission->value : getenv(permission->subject);
        if (!value)
                return 0;
        if (asprintf(&text, "%s=%s", permission->subject, value) < 0)
                return grants_no_memory(fault);
        return add(variables, text, fault);
}

int grants_join_environment(const char *const *one, const char *const *other, char ***ret_environment, struct ward_fault *fault)
{
        struct variables variables = { .at = calloc(1, sizeof *variables.at) };
        int r = variables.at ? add_list(&variables, one, fault) : grants_no_memory(fault);
        if (!r)
                r = add_list(&variables, other, fault);
        if (r)
                grants_free_environment(variables.at);
        else
                *ret_environment = variables.at;
        return r;
}

int grants_add_environment(struct domain_grants *grants, const struct grants_request *request, struct ward_fault *fault)
{
        struct variables variables = { .at = calloc(1, sizeof *variables.at) };
        int r = variables.at ? add_list(&variables, request->environment, fault) : grants_no_memory(fault);
        for (size_t i = 0; i < request->policy->n && !r; i++)
                if (request->policy->permissions[i].kind == PERMISSION_ENV)
                        r = add_granted(&variables, &request->policy->permissions[i], fault);
        grants->environment = variables.at;
        grants->granted.environment = (const char *const *)variables.at;
        return r;
}
