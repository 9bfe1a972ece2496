/* Errors: written for a person, each with the line that it is about. The first REPORT_MAX are kept. */
#ifndef CONTRACT_REPORT_H
#define CONTRACT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/contract.h"
#include "contract/source.h"

enum { REPORT_MAX = 20 };

/* Some bytes of a source. Without a source it is nowhere. */
struct place {
        const struct source *source;
        size_t at;
        size_t len;
};

struct report {
        bool failed;
        bool full; /* what is reported from now on is not kept */
        struct contract_error error;
        struct place places[REPORT_MAX]; /* of what was reported */
};

/* "file:line:column: message", the line, and a caret. One place is reported once: what comes later follows from what came first.
 * @report may be NULL. */
void report_at(struct report *report, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A message that is about no one place. */
void report_plain(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 1-based; the column in bytes. */
void place_position(struct place place, size_t *ret_line, size_t *ret_column);

/* "file:line:column" in @room bytes at @text: for a message that speaks of a second place. */
const char *place_describe(struct place place, char *text, size_t room);

#endif
