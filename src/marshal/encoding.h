/* Text in the two encodings that a string may have, UTF-8 and UTF-16, and from one to the other (Unicode 15, tables 3-5 to 3-7).
 *
 * 1. encoding_measure, which also judges the text  2. room for what it says  3. encoding_convert */
#ifndef MARSHAL_ENCODING_H
#define MARSHAL_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <ward/value.h>
#include "marshal/marshal.h"

/* @units bytes of UTF-8, or 16-bit units of UTF-16. */
struct text {
        const void *at;
        size_t units;
        enum marshal_encoding encoding;
};

/* What a string of @type is in C. */
static inline enum marshal_encoding encoding_of(const struct ward_type *type)
{
        return type->flags & WARD_TYPE_UTF16 ? MARSHAL_UTF16 : MARSHAL_UTF8;
}

/* The size of a unit, which is its alignment too. */
static inline uint32_t encoding_unit(enum marshal_encoding encoding)
{
        return encoding == MARSHAL_UTF16 ? 2 : 1;
}

static inline const char *encoding_name(enum marshal_encoding encoding)
{
        return encoding == MARSHAL_UTF16 ? "UTF-16" : "UTF-8";
}

/* Whether @text is well formed, and if so how many units it is in encoding @as. */
bool encoding_measure(const struct text *text, enum marshal_encoding as, size_t *ret_units);

/* The least bytes that a text of @units, of which nothing more is known, can be in encoding @as. @units up to SIZE_MAX. */
size_t encoding_least_bytes(const struct text *text, enum marshal_encoding as);

/* Writes @text, which was found well formed, to @to in the other encoding, @units of it as measured. Neither bound is passed, even
 * if the text has changed since. */
void encoding_convert(const struct text *text, void *to, size_t units);

#endif
