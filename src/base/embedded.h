/* The contract that travels with an add-in: the text that <ward/addin.h> describes, in bytes that anybody may have written.
 *
 * 1. embedded_read  2. struct embedded_cursor at = embedded_begin(&embedded)  3. while (embedded_next(&at, &entry)) …
 *
 * Nothing is copied: spans point into the bytes, which are to stay as they are. What was read is UTF-8 without control characters,
 * but for the WIT text, which is bytes of UTF-8 and for the contract's reader to judge. */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/fault.h>
#include "base/pack.h"
#include "base/span.h"

enum {
        EMBEDDED_BYTES_MAX = 4 << 20, /* as much as the reader of contracts takes */
        EMBEDDED_ENTRIES_MAX = 30000, /* as many as a module may export: who compares them with a contract looks at each */
};

struct embedded {
        struct ward_span world; /* "example:calculator/calculator@1.0.0" */
        bool utf16;             /* of the add-in's strings in linear memory */
        struct ward_span entries;
        struct ward_span wit;
};

/* A function, or a resource, which has no signature. */
struct embedded_entry {
        bool import;
        bool resource;
        struct ward_span name;
        struct ward_span signature;
};

/* @path names the module in faults. 0, or -WARD_FAULT_CONTRACT with the line that is wrong. */
int embedded_read(struct ward_span bytes, const char *path, struct embedded *ret_embedded, struct ward_fault *fault);

struct embedded_cursor {
        struct cursor left;
};

static inline struct embedded_cursor embedded_begin(const struct embedded *embedded)
{
        return (struct embedded_cursor){ { embedded->entries.at, embedded->entries.len, false } };
}

/* False behind the last one. */
bool embedded_next(struct embedded_cursor *cursor, struct embedded_entry *ret_entry);

/* The first entry of that kind and name. */
bool embedded_find(const struct embedded *embedded, bool import, bool resource, const char *name, struct embedded_entry *ret_entry);

#endif
