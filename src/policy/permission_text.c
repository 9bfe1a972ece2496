/* Permissions written, and compared. */
#include <errno.h>
#include <stdlib.h>
#include "base/own.h"
#include "policy/path.h"
#include "policy/permission.h"

static char *subject_text(const struct permission *permission)
{
        const char *subject = permission->subject;
        char *text = NULL;
        int n;
        if (permission->kind == PERMISSION_ENV)
                n = permission->value ? asprintf(&text, "%s=%s", subject, permission->value) : asprintf(&text, "%s", subject);
        else if (permission->kind != PERMISSION_CONNECT)
                n = asprintf(&text, "%s", subject);
        else if (permission->place == PERMISSION_UNIX)
                n = asprintf(&text, "unix:%s", subject);
        else
                n = asprintf(&text, permission->place == PERMISSION_IPV6 ? "[%s]:%u" : "%s:%u", subject, permission->port);
        return n < 0 ? NULL : text;
}

void permission_print(const struct permission *permission, FILE *out)
{
        OWNED(freep) char *subject = permission->subject ? subject_text(permission) : NULL;
        fputs(permission_name(permission->kind), out);
        if (!subject)
                return;
        fputc(' ', out);
        word_print(subject, out);
}

bool permission_is_path(const struct permission *permission)
{
        return permission->kind <= PERMISSION_EXECUTE;
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

bool permission_same(const struct permission *a, const struct permission *b)
{
        return a->kind == b->kind && a->place == b->place && a->port == b->port && same_text(a->subject, b->subject);
}

bool permission_covers(const struct permission *a, const struct permission *b)
{
        if (permission_is_path(a) && permission_is_path(b))
                return path_is_below(b->subject, a->subject) && (a->kind == b->kind || b->kind == PERMISSION_READ);
        return permission_same(a, b) && same_text(a->value, b->value);
}
