#include "expression.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 100, NAME_MAX_LEN = 32 };

struct reader {
        const char *text;
        const char *at;
        int depth;
        expression_operate operate;
        void *data;
        char *error;
        size_t error_size;
};

static bool read_sum(struct reader *reader, double *ret);

static bool fail(struct reader *reader, const char *format, ...)
{
        va_list args;
        int n = snprintf(reader->error, reader->error_size, "column %d: ", (int)(reader->at - reader->text) + 1);
        va_start(args, format);
        vsnprintf(reader->error + n, reader->error_size - (size_t)n, format, args);
        va_end(args);
        return false;
}

static void skip_space(struct reader *reader)
{
        while (isspace((unsigned char)*reader->at))
                reader->at++;
}

static bool take(struct reader *reader, const char *token)
{
        skip_space(reader);
        size_t len = strlen(token);
        if (strncmp(reader->at, token, len))
                return false;
        if (!strcmp(token, "*") && reader->at[1] == '*')
                return false;
        reader->at += len;
        return true;
}

static bool read_operands(struct reader *reader, double *operands, size_t *ret_n)
{
        *ret_n = 0;
        if (take(reader, ")"))
                return true;
        do {
                if (*ret_n == EXPRESSION_OPERANDS_MAX)
                        return fail(reader, "a function takes at most %d values", EXPRESSION_OPERANDS_MAX);
                if (!read_sum(reader, &operands[(*ret_n)++]))
                        return false;
        } while (take(reader, ","));
        return take(reader, ")") || fail(reader, "expected ')' or ','");
}

static bool read_function(struct reader *reader, double *ret)
{
        char name[NAME_MAX_LEN];
        double operands[EXPRESSION_OPERANDS_MAX];
        size_t len = 0, n;
        while (isalnum((unsigned char)reader->at[len]) ||
               (len && reader->at[len] == '-' && isalpha((unsigned char)reader->at[len + 1])))
                len++;
        if (len >= sizeof name)
                return fail(reader, "a name has at most %d letters", NAME_MAX_LEN - 1);
        snprintf(name, sizeof name, "%.*s", (int)len, reader->at);
        reader->at += len;
        if (!take(reader, "("))
                return fail(reader, "expected '(' after '%s'", name);
        return read_operands(reader, operands, &n) && reader->operate(reader->data, name, operands, n, ret);
}

static bool read_value(struct reader *reader, double *ret)
{
        char *end;
        skip_space(reader);
        if (isalpha((unsigned char)*reader->at))
                return read_function(reader, ret);
        if (take(reader, "("))
                return read_sum(reader, ret) && (take(reader, ")") || fail(reader, "expected ')'"));
        if (*reader->at != '-' && *reader->at != '.' && !isdigit((unsigned char)*reader->at))
                return fail(reader, *reader->at ? "expected a number, a function or '('" : "the expression ends too early");
        *ret = strtod(reader->at, &end);
        if (end == reader->at)
                return fail(reader, "expected a number");
        reader->at = end;
        return true;
}

static bool read_power(struct reader *reader, double *ret)
{
        double x[2];
        if (++reader->depth > DEPTH_MAX)
                return fail(reader, "nested deeper than %d", DEPTH_MAX);
        bool good = read_value(reader, &x[0]);
        if (good && take(reader, "**"))
                good = read_power(reader, &x[1]) && reader->operate(reader->data, "**", x, 2, &x[0]);
        *ret = x[0];
        reader->depth--;
        return good;
}

/* Operators of one strength, from left to right. */
static bool read_chain(struct reader *reader, const char *const operators[2], bool (*next)(struct reader *, double *), double *ret)
{
        double x[2];
        if (!next(reader, &x[0]))
                return false;
        for (;;) {
                const char *found = take(reader, operators[0]) ? operators[0] : take(reader, operators[1]) ? operators[1] : NULL;
                if (!found)
                        break;
                if (!next(reader, &x[1]) || !reader->operate(reader->data, found, x, 2, &x[0]))
                        return false;
        }
        *ret = x[0];
        return true;
}

static bool read_product(struct reader *reader, double *ret)
{
        return read_chain(reader, (const char *const[]){ "*", "/" }, read_power, ret);
}

static bool read_sum(struct reader *reader, double *ret)
{
        return read_chain(reader, (const char *const[]){ "+", "-" }, read_product, ret);
}

bool expression_evaluate(const char *text, expression_operate operate, void *data, double *ret, char *ret_error, size_t error_size)
{
        struct reader reader = { text, text, 0, operate, data, ret_error, error_size };
        ret_error[0] = 0;
        if (!read_sum(&reader, ret))
                return false;
        skip_space(&reader);
        return !*reader.at ||
               fail(&reader, "expected an operator, found '%c'", isprint((unsigned char)*reader.at) ? *reader.at : '?');
}
