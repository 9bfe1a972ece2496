#include "policy/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/near.h"
#include "base/own.h"
#include "policy/level.h"

struct reader {
        const char *name;
        const char *folder;
        struct policy policy;
        size_t lines[POLICY_PERMISSIONS_MAX]; /* of the permissions */
        size_t level_line;
        size_t limit_lines[POLICY_LIMITS];
        size_t line;
        FILE *errors;
        size_t n_errors;
};

static void tell(struct reader *reader, size_t line, const struct policy_error *error)
{
        char text[2 * POLICY_ERROR_MAX];
        if (++reader->n_errors > POLICY_ERRORS_MAX)
                return;
        text_escape(text, sizeof text, error->text, strlen(error->text), false);
        fprintf(reader->errors, "%s%s:%zu:%zu: %s", reader->n_errors > 1 ? "\n" : "", reader->name, line, error->column, text);
}

static void tell_at(struct reader *reader, size_t line, size_t column, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
static void tell_at(struct reader *reader, size_t line, size_t column, const char *format, ...)
{
        struct policy_error error = { .column = column };
        va_list args;
        va_start(args, format);
        vsnprintf(error.text, sizeof error.text, format, args);
        va_end(args);
        tell(reader, line, &error);
}

/* --- Lines ------------------------------------------------------------------------------------ */

static int read_level(struct reader *reader, const struct words *words, struct policy_error *error)
{
        static const char *const known[] = { "internet", "intranet", "full-trust", "host" };
        enum ward_level level;
        if (words->n != 2)
                return policy_fail(error, words->at[0].column, "write 'level NAME': internet, intranet, full-trust or host");
        if (reader->level_line)
                return policy_fail(error, words->at[0].column, "the level was said in line %zu", reader->level_line);
        reader->level_line = reader->line;
        if (ward_level_from_name(words->at[1].text, &level) && level != WARD_LEVEL_DEFAULT) {
                reader->policy.level = level;
                return 0;
        }
        const char *near = near_find(words->at[1].text, known, COUNT_OF(known));
        if (near)
                return policy_fail(error, words->at[1].column, "'%s' is no security level; did you mean '%s'?", words->at[1].text,
                                   near);
        return policy_fail(error, words->at[1].column,
                           "'%s' is no security level; there are internet, intranet, full-trust and host", words->at[1].text);
}

static int read_limit(struct reader *reader, const struct words *words, struct policy_error *error)
{
        enum policy_limit limit;
        if (words->n != 3)
                return policy_fail(error, words->at[0].column, "write 'limit NAME VALUE', like 'limit memory 64M'");
        const struct word *name = &words->at[1];
        if (!limit_from_name(name->text, &limit))
                return limit_unknown(name, error);
        if (reader->limit_lines[limit])
                return policy_fail(error, name->column, "limit %s was set in line %zu", name->text, reader->limit_lines[limit]);
        reader->limit_lines[limit] = reader->line;
        return limit_read(limit, &words->at[2], &reader->policy.limits[limit], error);
}

static int read_permission(struct reader *reader, const struct words *words, struct policy_error *error)
{
        struct permission permission;
        size_t n = reader->policy.n;
        int r = permission_of_words(words, reader->folder, &permission, error);
        if (!r)
                r = policy_add(&reader->policy, &permission);
        if (r == -E2BIG)
                return policy_fail(error, 1, "a policy has %d permissions at most", POLICY_PERMISSIONS_MAX);
        if (!r)
                reader->lines[n] = reader->line;
        return r;
}

static int refuse_word(const struct words *words, struct policy_error *error)
{
        static const char *const known[] = { "level", "limit" };
        const struct word *word = &words->at[0];
        enum policy_limit limit;
        const char *hint = permission_hint(word->text);
        if (!hint)
                hint = near_find(word->text, known, COUNT_OF(known));
        if (limit_from_name(word->text, &limit))
                return policy_fail(error, word->column, "write 'limit %s VALUE'", word->text);
        if (hint)
                return policy_fail(error, word->column, "'%s' begins no line of a policy; did you mean '%s'?", word->text, hint);
        return policy_fail(error, word->column,
                           "'%s' begins no line of a policy: read, write, execute, connect, spawn, env, level or limit do",
                           word->text);
}

static int read_words(struct reader *reader, const struct words *words, struct policy_error *error)
{
        enum permission_kind kind;
        const char *first = words->at[0].text;
        if (!strcmp(first, "level"))
                return read_level(reader, words, error);
        if (!strcmp(first, "limit"))
                return read_limit(reader, words, error);
        return permission_is_word(first, &kind) ? read_permission(reader, words, error) : refuse_word(words, error);
}

static int read_line(struct reader *reader, struct ward_span line)
{
        struct policy_error error;
        struct words words;
        if (line.len && line.at[line.len - 1] == '\r')
                line.len--;
        int r = words_split(line, true, &words, &error);
        if (!r) {
                r = words.n ? read_words(reader, &words, &error) : 0;
                words_finish(&words);
        }
        if (r != -EINVAL)
                return r;
        tell(reader, reader->line, &error);
        return 0;
}

static int read_lines(struct reader *reader, struct ward_span text)
{
        static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };
        int r = 0;
        if (text.len >= sizeof mark && !memcmp(text.at, mark, sizeof mark))
                text = (struct ward_span){ text.at + sizeof mark, text.len - sizeof mark };
        while (text.len && !r) {
                const uint8_t *end = memchr(text.at, '\n', text.len);
                size_t len = end ? (size_t)(end - text.at) : text.len;
                reader->line++;
                r = read_line(reader, (struct ward_span){ text.at, len });
                len += end != NULL;
                text = (struct ward_span){ text.at + len, text.len - len };
        }
        return r;
}

/* --- What lines say together ------------------------------------------------------------------ */

static void check_pair(struct reader *reader, size_t i, size_t j)
{
        const struct permission *one = &reader->policy.permissions[i], *other = &reader->policy.permissions[j];
        if (permission_covers(other, one))
                tell_at(reader, reader->lines[i], 1, "line %zu grants this already: remove one of them", reader->lines[j]);
        else if (permission_same(other, one))
                tell_at(reader, reader->lines[i], 1, "line %zu gives variable %s another value", reader->lines[j], one->subject);
}

/* What one line grants, another is not to say again, or it would seem to say less. */
static void check_permission(struct reader *reader, size_t i)
{
        const struct permission *permissions = reader->policy.permissions;
        const char *refusal = level_refusal(reader->policy.level, permissions[i].kind);
        size_t n_errors = reader->n_errors;
        if (refusal && reader->policy.level != WARD_LEVEL_DEFAULT)
                tell_at(reader, reader->lines[i], 1, "%s (the level is said in line %zu)", refusal, reader->level_line);
        for (size_t j = 0; j < reader->policy.n && reader->n_errors == n_errors; j++)
                if (j < i || (j > i && permission_covers(&permissions[j], &permissions[i]) &&
                              !permission_covers(&permissions[i], &permissions[j])))
                        check_pair(reader, i, j);
}

/* --- Whole ------------------------------------------------------------------------------------ */

static int read_all(struct reader *reader, struct ward_span text)
{
        if (text.len > POLICY_BYTES_MAX) {
                tell_at(reader, 1, 1, "a policy has %d bytes at most", POLICY_BYTES_MAX);
                return 0;
        }
        int r = read_lines(reader, text);
        for (size_t i = 0; i < reader->policy.n && !r; i++)
                check_permission(reader, i);
        if (reader->n_errors > POLICY_ERRORS_MAX)
                fprintf(reader->errors, "\n%s: %zu more errors", reader->name, reader->n_errors - POLICY_ERRORS_MAX);
        return r;
}

int policy_parse(struct ward_span text, const char *name, const char *folder, struct policy *ret_policy, char **ret_errors)
{
        OWNED(freep) struct reader *reader = calloc(1, sizeof *reader);
        OWNED(freep) char *errors = NULL;
        size_t len;
        if (!reader)
                return -ENOMEM;
        reader->name = name;
        reader->folder = folder;
        reader->errors = open_memstream(&errors, &len);
        int r = reader->errors ? read_all(reader, text) : -ENOMEM;
        if (reader->errors && fclose(reader->errors))
                r = -ENOMEM;
        if (!r && reader->n_errors) {
                *ret_errors = STEAL(errors);
                r = -EINVAL;
        }
        if (r)
                policy_finish(&reader->policy);
        else
                *ret_policy = reader->policy;
        return r;
}

int policy_add(struct policy *policy, struct permission *permission)
{
        struct permission *more = policy->permissions;
        int r = policy->n == POLICY_PERMISSIONS_MAX ? -E2BIG : 0;
        if (!r && !(policy->n & (policy->n - 1))) { /* room for the next power of two */
                more = reallocarray(policy->permissions, policy->n ? 2 * policy->n : 1, sizeof *more);
                r = more ? 0 : -ENOMEM;
        }
        if (r) {
                permission_finish(permission);
                return r;
        }
        policy->permissions = more;
        policy->permissions[policy->n++] = *permission;
        return 0;
}

void policy_finish(struct policy *policy)
{
        for (size_t i = 0; i < policy->n; i++)
                permission_finish(&policy->permissions[i]);
        free(policy->permissions);
        *policy = (struct policy){ 0 };
}

void policy_print(const struct policy *policy, FILE *out)
{
        if (policy->level != WARD_LEVEL_DEFAULT)
                fprintf(out, "level %s\n", ward_level_name(policy->level));
        for (unsigned i = 0; i < POLICY_LIMITS; i++) {
                if (!policy->limits[i])
                        continue;
                fprintf(out, "limit %s ", limit_name((enum policy_limit)i));
                limit_print((enum policy_limit)i, policy->limits[i], out);
                fputc('\n', out);
        }
        for (size_t i = 0; i < policy->n; i++) {
                permission_print(&policy->permissions[i], out);
                fputc('\n', out);
        }
}
