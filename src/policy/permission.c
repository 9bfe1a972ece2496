#include "policy/permission.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/near.h"
#include "base/own.h"
#include "policy/path.h"

enum { UNIX_PATH_MAX = 107, HOST_NAME_LENGTH_MAX = 253 };

static const char *const names[PERMISSION_KINDS] = {
        [PERMISSION_READ] = "read",       [PERMISSION_WRITE] = "write", [PERMISSION_EXECUTE] = "execute",
        [PERMISSION_CONNECT] = "connect", [PERMISSION_SPAWN] = "spawn", [PERMISSION_ENV] = "env",
};

/* What others call it. */
static const struct {
        const char *word;
        enum permission_kind kind;
} others[] = {
        { "r", PERMISSION_READ },      { "ro", PERMISSION_READ },         { "open", PERMISSION_READ },
        { "w", PERMISSION_WRITE },     { "rw", PERMISSION_WRITE },        { "create", PERMISSION_WRITE },
        { "x", PERMISSION_EXECUTE },   { "exec", PERMISSION_EXECUTE },    { "run", PERMISSION_EXECUTE },
        { "net", PERMISSION_CONNECT }, { "network", PERMISSION_CONNECT }, { "tcp", PERMISSION_CONNECT },
        { "fork", PERMISSION_SPAWN },  { "process", PERMISSION_SPAWN },   { "environment", PERMISSION_ENV },
        { "setenv", PERMISSION_ENV },  { "variable", PERMISSION_ENV },
};

const char *permission_name(enum permission_kind kind)
{
        return names[kind];
}

bool permission_is_word(const char *word, enum permission_kind *ret_kind)
{
        for (unsigned i = 0; i < PERMISSION_KINDS; i++) {
                if (strcmp(word, names[i]))
                        continue;
                *ret_kind = (enum permission_kind)i;
                return true;
        }
        return false;
}

const char *permission_hint(const char *word)
{
        for (size_t i = 0; i < COUNT_OF(others); i++)
                if (!strcasecmp(word, others[i].word))
                        return names[others[i].kind];
        for (size_t i = 0; i < COUNT_OF(names); i++)
                if (!strcasecmp(word, names[i]))
                        return names[i];
        return near_find(word, names, COUNT_OF(names));
}

/* Whatever the locale says. */
static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* --- Paths ------------------------------------------------------------------------------------ */

static int read_path(const struct word *word, size_t offset, const char *folder, char **ret_path, struct policy_error *error)
{
        const char *text = word->text + offset;
        size_t column = word_column(word, offset);
        if (!*text)
                return policy_fail(error, column, "the path is empty");
        if (*text == '~' && !word->quoted)
                return policy_fail(error, column, "'~' is not expanded: write the whole path, or './~' for a file of that name");
        char *path = path_normalise(folder, text);
        if (!path)
                return -ENOMEM;
        *ret_path = path;
        const char *refusal = path_refusal(path);
        if (refusal)
                return policy_fail(error, column, "%s", refusal);
        return strlen(path) > POLICY_PATH_MAX ? policy_fail(error, column, "the path is longer than %d bytes", POLICY_PATH_MAX) : 0;
}

/* --- Addresses -------------------------------------------------------------------------------- */

static int read_port(const struct word *word, const char *text, uint16_t *ret_port, struct policy_error *error)
{
        size_t column = word_column(word, (size_t)(text - word->text));
        char *end;
        unsigned long port = is_digit(*text) ? strtoul(text, &end, 10) : 0;
        if (!port || port > UINT16_MAX || *end || strlen(text) > 5)
                return policy_fail(error, column, "'%s' is no port: a number from 1 to 65535", text);
        *ret_port = (uint16_t)port;
        return 0;
}

/* Letters are made small: names are the same whatever they are written in. */
static bool is_name(char *name)
{
        bool number = true;
        size_t len = strlen(name);
        if (!len || len > HOST_NAME_LENGTH_MAX || name[0] == '-' || name[0] == '.' || strstr(name, ".."))
                return false;
        for (char *c = name; *c; c++) {
                if (!is_letter(*c) && !is_digit(*c) && *c != '-' && *c != '.' && *c != '_')
                        return false;
                *c = (char)(is_letter(*c) ? *c | 0x20 : *c);
                number = number && (is_digit(*c) || *c == '.');
        }
        return !number;
}

static int read_in_brackets(const struct word *word, const char *closing, char *host, struct permission *ret,
                            struct policy_error *error)
{
        struct in6_addr address;
        char text[INET6_ADDRSTRLEN];
        if (strchr(host, '%'))
                return policy_fail(error, word->column, "an address with a zone ('%%') cannot be granted");
        if (inet_pton(AF_INET6, host, &address) != 1 || !inet_ntop(AF_INET6, &address, text, sizeof text))
                return policy_fail(error, word_column(word, 1), "'%s' is no IPv6 address", host);
        if (closing[1] != ':')
                return policy_fail(error, word_column(word, (size_t)(closing + 1 - word->text)), "a port is missing: [%s]:443",
                                   text);
        ret->place = PERMISSION_IPV6;
        free(ret->subject);
        ret->subject = strdup(text);
        return ret->subject ? read_port(word, closing + 2, &ret->port, error) : -ENOMEM;
}

static int read_host(const struct word *word, const char *colon, struct permission *ret, struct policy_error *error)
{
        struct in_addr address;
        ret->place = inet_pton(AF_INET, ret->subject, &address) == 1 ? PERMISSION_IPV4 : PERMISSION_NAME;
        if (strchr(ret->subject, ':'))
                return policy_fail(error, word->column, "an IPv6 address stands in brackets: [::1]:443");
        if (strchr(ret->subject, '/') || strchr(ret->subject, '*'))
                return policy_fail(error, word->column, "one address or name, without anything else: example.org:443");
        if (ret->place == PERMISSION_NAME && !is_name(ret->subject))
                return policy_fail(error, word->column, "'%s' is no IPv4 address, nor a host's name", ret->subject);
        return read_port(word, colon + 1, &ret->port, error);
}

static int read_unix(const struct word *word, const char *folder, struct permission *ret, struct policy_error *error)
{
        size_t offset = strlen("unix:");
        if (word->text[offset] == '@')
                return policy_fail(error, word_column(word, offset), "an abstract socket cannot be granted, only one with a path");
        ret->place = PERMISSION_UNIX;
        int r = read_path(word, offset, folder, &ret->subject, error);
        if (!r && strlen(ret->subject) > UNIX_PATH_MAX)
                r = policy_fail(error, word_column(word, offset), "the path of a socket is %d bytes at most", UNIX_PATH_MAX);
        return r;
}

static int read_address(const struct word *word, const char *folder, struct permission *ret, struct policy_error *error)
{
        if (!strncmp(word->text, "unix:", 5))
                return read_unix(word, folder, ret, error);
        if (strstr(word->text, "://"))
                return policy_fail(error, word->column, "write HOST:PORT, not a URL: example.org:443");
        const char *closing = *word->text == '[' ? strchr(word->text, ']') : NULL;
        const char *colon = closing ? closing : strrchr(word->text, ':');
        if (!colon || colon == word->text)
                return policy_fail(error, word->column,
                                   "write HOST:PORT, like example.org:443, 192.0.2.1:80, [2001:db8::1]:80 or "
                                   "unix:/run/socket");
        const char *start = word->text + (closing != NULL);
        ret->subject = strndup(start, (size_t)(colon - start));
        if (!ret->subject)
                return -ENOMEM;
        return closing ? read_in_brackets(word, closing, ret->subject, ret, error) : read_host(word, colon, ret, error);
}

/* --- Variables -------------------------------------------------------------------------------- */

static int read_variable(const struct word *word, struct permission *ret, struct policy_error *error)
{
        size_t len = strcspn(word->text, "=");
        bool good = len && !is_digit(*word->text);
        for (size_t i = 0; i < len; i++)
                good = good && (is_letter(word->text[i]) || is_digit(word->text[i]) || word->text[i] == '_');
        if (!good)
                return policy_fail(error, word->column, "'%.*s' is no name of a variable: letters, digits and '_'", (int)len,
                                   word->text);
        ret->subject = strndup(word->text, len);
        if (word->text[len])
                ret->value = strdup(word->text + len + 1);
        return !ret->subject || (word->text[len] && !ret->value) ? -ENOMEM : 0;
}

/* --- Whole ------------------------------------------------------------------------------------ */

static int read_subject(const struct word *word, const char *folder, struct permission *ret, struct policy_error *error)
{
        switch (ret->kind) {
        case PERMISSION_CONNECT:
                return read_address(word, folder, ret, error);
        case PERMISSION_ENV:
                return read_variable(word, ret, error);
        default:
                return read_path(word, 0, folder, &ret->subject, error);
        }
}

static int read_kind(const struct word *word, enum permission_kind *ret_kind, struct policy_error *error)
{
        if (permission_is_word(word->text, ret_kind))
                return 0;
        const char *hint = permission_hint(word->text);
        if (hint)
                return policy_fail(error, word->column, "'%s' is no permission; did you mean '%s'?", word->text, hint);
        return policy_fail(error, word->column, "'%s' is no permission; there are read, write, execute, connect, spawn and env",
                           word->text);
}

static int check_count(const struct words *words, enum permission_kind kind, struct policy_error *error)
{
        static const char *const subjects[] = {
                [PERMISSION_READ] = "a path",
                [PERMISSION_WRITE] = "a path",
                [PERMISSION_EXECUTE] = "a path",
                [PERMISSION_CONNECT] = "HOST:PORT",
                [PERMISSION_ENV] = "a variable: NAME or NAME=VALUE",
        };
        size_t wanted = kind == PERMISSION_SPAWN ? 1 : 2;
        if (words->n < wanted)
                return policy_fail(error, words->at[0].column + strlen(names[kind]), "'%s' is followed by %s", names[kind],
                                   subjects[kind]);
        if (words->n == wanted)
                return 0;
        if (kind == PERMISSION_SPAWN)
                return policy_fail(error, words->at[1].column,
                                   "nothing follows 'spawn': what may be run is said by 'execute PATH'");
        return policy_fail(error, words->at[2].column, "only one word follows '%s': put what has blanks in it between quotes",
                           names[kind]);
}

int permission_of_words(const struct words *words, const char *folder, struct permission *ret_permission,
                        struct policy_error *error)
{
        struct permission permission = { 0 };
        if (!words->n)
                return policy_fail(error, 1, "the permission is empty");
        int r = read_kind(&words->at[0], &permission.kind, error);
        if (!r)
                r = check_count(words, permission.kind, error);
        if (!r && words->n > 1)
                r = read_subject(&words->at[1], folder, &permission, error);
        if (r)
                permission_finish(&permission);
        else
                *ret_permission = permission;
        return r;
}

int permission_parse(struct ward_span text, const char *folder, struct permission *ret_permission, struct policy_error *error)
{
        struct words words;
        int r = words_split(text, false, &words, error);
        if (r)
                return r;
        r = permission_of_words(&words, folder, ret_permission, error);
        words_finish(&words);
        return r;
}

void permission_finish(struct permission *permission)
{
        free(permission->subject);
        free(permission->value);
        *permission = (struct permission){ 0 };
}
