/* Errors: the first one is kept, written for a person, with the line that it is about. */
#ifndef CONTRACT_REPORT_H
#define CONTRACT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/contract.h"
#include "contract/source.h"

/* Some bytes of a source. Without a source it is nowhere. */
struct place {
        const struct source *source;
        size_t at;
        size_t len;
};

struct report {
        bool failed;
        struct contract_error error;
};

/* "file:line:column: message", the line, and a caret. Only the first report counts. */
void report_at(struct report *report, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A message that is about no one place. */
void report_plain(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 1-based; the column in bytes. */
void place_position(struct place place, size_t *ret_line, size_t *ret_column);

/* "file:line:column" in @room bytes at @text: for a message that speaks of a second place. */
const char *place_describe(struct place place, char *text, size_t room);

#endif
