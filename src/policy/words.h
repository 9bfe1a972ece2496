/* One line of a policy, or one permission, in words. Pure.
 *
 *      read "/srv/my data" # a comment
 *
 * Words are apart by blanks and tabs. Between quotes, which may begin and end within a word, stands anything: \" and \\ are a quote
 * and a backslash, \n and \t a line's end and a tab, \xNN a byte. '#' is not to be in a word without quotes: at the beginning of
 * one it begins a comment, where comments are allowed. */
#ifndef POLICY_WORDS_H
#define POLICY_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/span.h"

enum {
        WORDS_MAX = 4,         /* no line has more than three: a fourth is known to be one too many */
        POLICY_ERROR_MAX = 512 /* of a text */
};

/* What is wrong, for a person, and where in the line: 1 is its first byte. */
struct policy_error {
        size_t column;
        char text[POLICY_ERROR_MAX];
};

/* Writes it and returns -EINVAL. */
int policy_fail(struct policy_error *error, size_t column, const char *format, ...) __attribute__((format(printf, 3, 4)));

struct word {
        size_t column;
        const char *text; /* without quotes; no NUL in it */
        bool quoted;      /* or partly */
};

struct words {
        size_t n;
        struct word at[WORDS_MAX];
        char *room; /* owned: the texts */
};

/* 0, -EINVAL with @error, or -ENOMEM. */
int words_split(struct ward_span line, bool comments, struct words *ret_words, struct policy_error *error);
void words_finish(struct words *words);

/* The word for the column that is @offset bytes into its text, or its own where quotes make that unclear. */
size_t word_column(const struct word *word, size_t offset);

/* Writes @text so that it is read back as one word. */
void word_print(const char *text, FILE *out);

#endif
