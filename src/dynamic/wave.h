/* WAVE, the Component Model's text form of values (wasm-tools, crates/wasm-wave): true, -1, 6.5e2, nan, 'x', "a\n", [1, 2], (1,
 * "a"), {field: 1}, {flag}, case(1), some(1), none, ok(1), err("no"). A map is a list of tuples; a handle, which WAVE does not have
 * yet, is written as RESOURCE(NUMBER).
 *
 *      1. wave_begin  2. wave_read, wave_read_args, wave_take …  3. wave_end
 *
 * Values are described twice: by the contract's type, which knows names, and by its descriptor, which knows places. The first error
 * sticks: everything after it reads nothing. */
#ifndef DYNAMIC_WAVE_H
#define DYNAMIC_WAVE_H

#include <stdbool.h>
#include <stdio.h>
#include <ward/value.h>
#include "base/span.h"
#include "contract/contract.h"

struct wave_error {
        size_t at; /* offset in the text */
        char text[640];
};

struct wave {
        const char *begin, *at, *end;
        bool failed;
        struct wave_error error;
        /* Reads a handle, which has no text of its own: NULL, where none can be. False after wave_fail. */
        bool (*handle)(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to);
        void *context;
};

void wave_begin(struct wave *wave, const char *text, size_t len);

/* Reads one value to @to, which is all zeros; true if nothing has failed. What @to holds is the caller's to free with
 * ward_value_free, after a failure too. */
bool wave_read(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to);

/* The arguments of @func, "(1, 2)", behind its name, from parameter @first on; those at the end that may be none may be left out.
 */
bool wave_read_args(struct wave *wave, const struct wit_func *func, const struct ward_type *params, size_t first, void *to);

/* The text is over, but for blanks and comments. */
bool wave_end(struct wave *wave);

/* For who reads what is around values. Blanks and comments before are skipped. */
char wave_peek(struct wave *wave);                   /* the next byte, or 0 at the end */
bool wave_take(struct wave *wave, char punctuation); /* true if it was there */
bool wave_expect(struct wave *wave, char punctuation);
struct ward_span wave_word(struct wave *wave, const char *until); /* up to one of @until, or a blank, or the end; may be empty */

/* Fails at offset @at of the text, if nothing has failed before. False. */
bool wave_fail(struct wave *wave, const char *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What is wrong, the text's line that it is in, and a caret below. */
void wave_error_print(const struct wave *wave, FILE *out);

/* Writes a well-formed value in canonical form: fields in order, without those that are none; numbers as short as they can be read
 * back. What would hide something on a terminal is escaped. */
void wave_write(FILE *out, const struct wit_type *wit, const struct ward_type *type, const void *from);

/* "(1, 2)", the arguments from parameter @first on. */
void wave_write_args(FILE *out, const struct wit_func *func, const struct ward_type *params, size_t first, const void *from);

#endif
