/* Bytes travel as a span: borrowed, not owned, never NUL-terminated by promise. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ward_span {
        const uint8_t *at;
        size_t len;
};

static inline struct ward_span span_of(const char *text)
{
        return (struct ward_span){ (const uint8_t *)text, strlen(text) };
}

static inline int span_is(struct ward_span span, const char *text)
{
        return span.len == strlen(text) && !memcmp(span.at, text, span.len);
}

#endif
