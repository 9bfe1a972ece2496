#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "dynamic/wave_text.h"

/* A string or list in C. */
struct block {
        const char *ptr;
        size_t len;
};

static struct block block_at(const void *from)
{
        struct block block;
        memcpy(&block, from, sizeof block);
        return block;
}

/* --- Scalars ---------------------------------------------------------------------------------- */

static void write_int(FILE *out, const struct ward_type *type, const void *from)
{
        uint64_t value = 0;
        memcpy(&value, from, type->size); /* little-endian */
        unsigned unused = 64 - 8 * type->size;
        if (type->flags & WARD_TYPE_SIGNED)
                fprintf(out, "%" PRId64, (int64_t)(value << unused) >> unused);
        else
                fprintf(out, "%" PRIu64, value);
}

/* The exponent of %g has leading zeros, which WAVE has not. */
static void write_digits(FILE *out, const char *text)
{
        const char *e = strchr(text, 'e');
        if (!e)
                fputs(text, out);
        else
                fprintf(out, "%.*se%s%d", (int)(e - text), text, e[1] == '+' ? "+" : "", atoi(e + 1));
}

/* As many digits as it takes to read the same number again. */
static void write_float(FILE *out, const struct ward_type *type, const void *from)
{
        char text[40] = "";
        float narrow = 0;
        double value = 0;
        bool is_narrow = type->size == sizeof narrow;
        memcpy(is_narrow ? (void *)&narrow : &value, from, type->size);
        if (is_narrow)
                value = (double)narrow;
        if (!isfinite(value)) {
                fputs(isnan(value) ? "nan" : value < 0 ? "-inf" : "inf", out);
                return;
        }
        for (int digits = 1; digits <= 17; digits++) {
                snprintf(text, sizeof text, "%.*g", digits, value);
                if (is_narrow ? strtof(text, NULL) == narrow : strtod(text, NULL) == value)
                        break;
        }
        write_digits(out, text);
}

/* Controls, line separators and what turns the direction of writing. */
static bool hides(uint32_t c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void write_character(FILE *out, uint32_t c, const char *utf8, size_t n, char quote)
{
        static const char letters[] = "tnr", meant[] = "\t\n\r";
        const char *letter = c && c < 0x20 ? strchr(meant, (int)c) : NULL;
        if (letter)
                fprintf(out, "\\%c", letters[letter - meant]);
        else if (hides(c))
                fprintf(out, "\\u{%x}", c);
        else
                fprintf(out, "%s%.*s", c == (uint32_t)quote || c == '\\' ? "\\" : "", (int)n, utf8);
}

static void write_char(FILE *out, const void *from)
{
        char utf8[4];
        uint32_t c;
        memcpy(&c, from, sizeof c);
        size_t n = wave_encode(c, utf8);
        fputc('\'', out);
        write_character(out, c, utf8, n, '\'');
        fputc('\'', out);
}

/* Of what nobody has checked, as at kind `direct`, bytes that are no UTF-8 are marked. */
static void write_string(FILE *out, const void *from)
{
        struct block text = block_at(from);
        bool good = text_is_utf8(text.ptr, text.len);
        uint32_t c;
        fputc('"', out);
        for (size_t i = 0, n; i < text.len; i += n) {
                if (!good && (uint8_t)text.ptr[i] >= 0x80) {
                        fputs("\\u{fffd}", out);
                        n = 1;
                        continue;
                }
                n = wave_decode(text.ptr + i, &c);
                write_character(out, c, text.ptr + i, n, '"');
        }
        fputc('"', out);
}

/* --- Parts ------------------------------------------------------------------------------------ */

static void write_elements(FILE *out, const struct wit_type *wit, const struct ward_type *element, const char *at, size_t n)
{
        fputc('[', out);
        for (size_t i = 0; i < n; i++, at += element->size) {
                fputs(i ? ", " : "", out);
                if (wit->kind != WIT_MAP) {
                        wave_write(out, wit->element, element, at);
                        continue;
                }
                fputc('(', out);
                wave_write(out, wit->key, element->fields[0].type, at + element->fields[0].at);
                fputs(", ", out);
                wave_write(out, wit->element, element->fields[1].type, at + element->fields[1].at);
                fputc(')', out);
        }
        fputc(']', out);
}

static void write_members(FILE *out, const struct wit_member *members, const struct ward_type *type, size_t first, const char *from)
{
        fputc('(', out);
        for (size_t i = first; i < type->n; i++) {
                fputs(i > first ? ", " : "", out);
                wave_write(out, members[i].type, type->fields[i].type, from + type->fields[i].at);
        }
        fputc(')', out);
}

static void write_record(FILE *out, const struct wit_type *wit, const struct ward_type *type, const char *from)
{
        bool any = false;
        fputc('{', out);
        for (size_t i = 0; i < wit->n_members; i++) {
                const struct ward_field *field = &type->fields[i];
                if (wit_resolve(wit->members[i].type)->kind == WIT_OPTION && !ward_value_tag(field->type, from + field->at))
                        continue;
                fprintf(out, "%s%s: ", any ? ", " : "", wit->members[i].name);
                wave_write(out, wit->members[i].type, field->type, from + field->at);
                any = true;
        }
        fputs(any ? "}" : ":}", out);
}

static void write_flags(FILE *out, const struct wit_type *wit, const struct ward_type *type, const void *from)
{
        uint64_t bits = 0;
        bool any = false;
        memcpy(&bits, from, type->size); /* little-endian */
        fputc('{', out);
        for (size_t i = 0; i < wit->n_members; i++) {
                if (bits >> i & 1)
                        fprintf(out, "%s%s", any ? ", " : "", wit->members[i].name);
                any |= bits >> i & 1;
        }
        fputc('}', out);
}

static void write_case(FILE *out, const char *name, const struct wit_type *payload, const struct ward_type *type, const char *from)
{
        uint32_t tag = ward_value_tag(type, from);
        fputs(name, out);
        if (!payload)
                return;
        fputc('(', out);
        wave_write(out, payload, type->fields[tag].type, from + type->fields[tag].at);
        fputc(')', out);
}

static void write_variant(FILE *out, const struct wit_type *wit, const struct ward_type *type, const void *from)
{
        uint32_t tag = ward_value_tag(type, from);
        if (wit->kind == WIT_OPTION) {
                write_case(out, tag ? "some" : "none", tag ? wit->element : NULL, type, from);
        } else if (wit->kind == WIT_RESULT) {
                write_case(out, tag ? "err" : "ok", tag ? wit->error : wit->element, type, from);
        } else {
                const struct wit_member *member = &wit->members[tag];
                fputs(wave_is_keyword(span_of(member->name)) ? "%" : "", out);
                write_case(out, member->name, member->type, type, from);
        }
}

static void write_handle(FILE *out, const struct wit_type *wit, const struct ward_type *type, const void *from)
{
        uint64_t number = 0;
        if (type->resource->shared) { /* a pointer, which says nothing */
                fprintf(out, "%s(_)", wit_resolve(wit->element)->name);
                return;
        }
        memcpy(&number, from, type->size);
        fprintf(out, "%s(%" PRIu64 ")", wit_resolve(wit->element)->name, number);
}

/* --- All -------------------------------------------------------------------------------------- */

void wave_write(FILE *out, const struct wit_type *wit, const struct ward_type *type, const void *from)
{
        wit = wit_resolve(wit);
        switch (type->kind) {
        case WARD_TYPE_BOOL:
                fputs(*(const uint8_t *)from ? "true" : "false", out);
                break;
        case WARD_TYPE_INT:
                write_int(out, type, from);
                break;
        case WARD_TYPE_FLOAT:
                write_float(out, type, from);
                break;
        case WARD_TYPE_CHAR:
                write_char(out, from);
                break;
        case WARD_TYPE_FLAGS:
                write_flags(out, wit, type, from);
                break;
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                write_handle(out, wit, type, from);
                break;
        case WARD_TYPE_STRING:
                write_string(out, from);
                break;
        case WARD_TYPE_LIST:
                write_elements(out, wit, type->fields[0].type, block_at(from).ptr, block_at(from).len);
                break;
        case WARD_TYPE_ARRAY:
                write_elements(out, wit, type->fields[0].type, from, type->n);
                break;
        case WARD_TYPE_RECORD:
                if (wit->kind == WIT_TUPLE)
                        write_members(out, wit->members, type, 0, from);
                else
                        write_record(out, wit, type, from);
                break;
        default:
                write_variant(out, wit, type, from);
                break;
        }
}

void wave_write_args(FILE *out, const struct wit_func *func, const struct ward_type *params, size_t first, const void *from)
{
        write_members(out, func->params, params, first, from);
}
