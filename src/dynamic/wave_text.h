/* What WAVE's values are spelled with. Private to this folder. All are false after a failure. */
#ifndef DYNAMIC_WAVE_TEXT_H
#define DYNAMIC_WAVE_TEXT_H

#include "dynamic/wave.h"

/* A label is escaped by %: then it is no keyword. */
struct wave_label {
        struct ward_span name;
        bool escaped;
};

/* Fails with "expected WHAT, found …" at the cursor. False. */
bool wave_expected(struct wave *wave, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The label at the cursor, which stays where it is; false if there is none. */
bool wave_peek_label(struct wave *wave, struct wave_label *ret);
/* Takes what wave_peek_label gave. */
void wave_take_label(struct wave *wave, const struct wave_label *label);

/* Whether the label at the cursor is keyword @name, unescaped; takes it then. */
bool wave_take_keyword(struct wave *wave, const char *name);
bool wave_is_keyword(struct ward_span name);

/* Scalars and strings of a type, to @to. */
bool wave_read_int(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to);
bool wave_read_float(struct wave *wave, const struct ward_type *type, void *to);
bool wave_read_char(struct wave *wave, void *to);
bool wave_read_string(struct wave *wave, void *to);

/* The character at @at, which is well-formed UTF-8, and its length there. */
size_t wave_decode(const char *at, uint32_t *ret);
size_t wave_encode(uint32_t c, char to[4]);

#endif
