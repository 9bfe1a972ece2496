#include "test/embed/user.h"

#include <stdio.h>
#include <stdlib.h>
#include "acts_host.h"

enum { NOWHERE = 0xfffffff0 };

struct user {
        struct ward_host *host;
        struct acts *acts;
};

static int tell(int r, const struct ward_fault *fault, char *text, size_t size)
{
        if (r < 0)
                snprintf(text, size, "%s", fault->text);
        return r;
}

static int start(struct user *user, const char *kind, const char *module, struct ward_fault *fault)
{
        struct ward_activate_options options = { .size = sizeof options };
        if (!ward_isolation_from_name(kind, &options.isolation))
                return -WARD_FAULT_USAGE;
        int r = ward_host_new(NULL, &user->host, fault);
        return r < 0 ? r : acts_activate(user->host, module, &options, NULL, &user->acts, fault);
}

struct user *user_new(const char *kind, const char *module, char *text, size_t size)
{
        struct ward_fault fault = { 0 };
        struct user *user = calloc(1, sizeof *user);
        if (user && tell(start(user, kind, module, &fault), &fault, text, size) < 0)
                return user_free(user);
        return user;
}

struct user *user_free(struct user *user)
{
        if (!user)
                return NULL;
        acts_release(user->acts);
        ward_host_free(user->host);
        free(user);
        return NULL;
}

int user_add(struct user *user, int32_t a, int32_t b, int32_t *ret, char *text, size_t size)
{
        struct ward_fault fault;
        return tell(acts_add(user->acts, a, b, ret, &fault), &fault, text, size);
}

int user_poke(struct user *user, char *text, size_t size)
{
        struct ward_fault fault;
        return tell(acts_poke(user->acts, NOWHERE, &fault), &fault, text, size);
}

int user_spin(struct user *user, uint32_t deadline_ms, char *text, size_t size)
{
        struct ward_fault fault;
        acts_set_deadline(user->acts, deadline_ms);
        return tell(acts_spin(user->acts, &fault), &fault, text, size);
}

int user_state(struct user *user)
{
        return (int)ward_domain_state(acts_domain(user->acts));
}
