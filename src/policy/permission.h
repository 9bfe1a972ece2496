/* One permission: what an add-in may do beyond its security level. Pure.
 *
 *      read PATH               files, and lists of folders, with everything below
 *      write PATH              and change, make and remove them
 *      execute PATH            read, and execute as programs
 *      connect HOST:PORT       HOST is an IPv4 address, an IPv6 address in brackets, or a name; or unix:PATH
 *      spawn                   make processes
 *      env NAME                the host's variable, if it has one
 *      env NAME=VALUE
 *
 * Paths are absolute or begin in a folder that the caller names. "." and ".." in them, and slashes that say nothing, are taken out
 * as text, without a look at the file system. What has blanks or '#' in it stands between quotes (words.h). */
#ifndef POLICY_PERMISSION_H
#define POLICY_PERMISSION_H

#include "policy/words.h"

enum permission_kind {
        PERMISSION_READ,
        PERMISSION_WRITE,
        PERMISSION_EXECUTE,
        PERMISSION_CONNECT,
        PERMISSION_SPAWN,
        PERMISSION_ENV,
        PERMISSION_KINDS,
};

enum permission_place {
        PERMISSION_IPV4,
        PERMISSION_IPV6,
        PERMISSION_NAME,
        PERMISSION_UNIX,
};

struct permission {
        enum permission_kind kind;
        enum permission_place place; /* connect */
        uint16_t port;               /* connect, but unix */
        char *subject;               /* a path, an address, a name; NULL: spawn. Owned, as the next */
        char *value;                 /* env NAME=VALUE; else NULL */
};

/* @folder is absolute: where relative paths begin. 0 with *@ret_permission, to be finished; -EINVAL with @error; -ENOMEM. */
int permission_parse(struct ward_span text, const char *folder, struct permission *ret_permission, struct policy_error *error);
/* The same of a line's words. */
int permission_of_words(const struct words *words, const char *folder, struct permission *ret_permission,
                        struct policy_error *error);
void permission_finish(struct permission *permission);

/* As it is read back, in one form for all ways to write it. */
void permission_print(const struct permission *permission, FILE *out);

/* "read", … */
const char *permission_name(enum permission_kind kind);
/* Whether @word begins a permission. */
bool permission_is_word(const char *word, enum permission_kind *ret_kind);
/* What may have been meant by @word, which begins none; or NULL. */
const char *permission_hint(const char *word);

/* Whether it is for paths: read, write, execute. */
bool permission_is_path(const struct permission *permission);
/* Whether they are for the same: of paths the same kind and path; of variables the same name, whatever the value. */
bool permission_same(const struct permission *a, const struct permission *b);
/* Whether who has @a has all that @b gives. */
bool permission_covers(const struct permission *a, const struct permission *b);

#endif
