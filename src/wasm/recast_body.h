/* The statements of one function. Private to recast.c. */
#ifndef WASM_RECAST_BODY_H
#define WASM_RECAST_BODY_H

#include <stdbool.h>
#include <stdio.h>
#include "base/span.h"
#include "wasm/recast.h"

/* Takes a line off @text, without its end. */
bool recast_line(struct ward_span *text, struct ward_span *ret_line);

void recast_write(FILE *out, struct ward_span line);

static inline bool recast_starts(struct ward_span line, const char *with)
{
        size_t len = strlen(with);
        return line.len >= len && !memcmp(line.at, with, len);
}

static inline bool recast_ends(struct ward_span line, const char *with)
{
        size_t len = strlen(with);
        return line.len >= len && !memcmp(line.at + line.len - len, with, len);
}

/* Writes @function, from its first line to its last; @marks may be NULL. */
void recast_body(FILE *out, struct ward_span function, const struct wasm_marks *marks);

#endif
