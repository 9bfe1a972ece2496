/* Writing a module's binary format into memory that grows. Running out of it sticks: one check at the end.
 *
 *      size_t mark = writer_begin(&w, SECTION_EXPORT);
 *      writer_u32(&w, 1); writer_name(&w, "memory"); writer_u8(&w, EXTERN_MEMORY); writer_u32(&w, 0);
 *      writer_end(&w, mark); */
#ifndef WASM_WRITER_H
#define WASM_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/span.h"

struct writer {
        uint8_t *at; /* owned: writer_finish, or taken over */
        size_t len;
        size_t size;
        bool failed;
};

void writer_finish(struct writer *writer);

void writer_bytes(struct writer *writer, const void *at, size_t len);
void writer_u8(struct writer *writer, uint8_t value);
void writer_u32(struct writer *writer, uint32_t value);
void writer_span(struct writer *writer, struct ward_span span);
void writer_name(struct writer *writer, const char *name);

/* What stands between the two is preceded by its length; begin writes @id and returns the place to give to end. The length takes
 * five bytes always, as linkers write it, so that the content need not be moved. */
size_t writer_begin(struct writer *writer, uint8_t id);
void writer_end(struct writer *writer, size_t mark);

/* The same without an id. */
size_t writer_begin_sized(struct writer *writer);

#endif
