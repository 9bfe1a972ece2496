#include "wasm/writer.h"

#include <stdlib.h>
#include "wasm/leb.h"

enum { FIRST_SIZE = 4096 };

void writer_finish(struct writer *writer)
{
        free(writer->at);
        *writer = (struct writer){ 0 };
}

static bool make_room(struct writer *writer, size_t len)
{
        size_t size = writer->size ? writer->size : FIRST_SIZE;
        if (writer->failed)
                return false;
        while (size - writer->len < len)
                size *= 2;
        if (size == writer->size)
                return true;
        uint8_t *grown = realloc(writer->at, size);
        if (!grown) {
                writer->failed = true;
                return false;
        }
        writer->at = grown;
        writer->size = size;
        return true;
}

void writer_bytes(struct writer *writer, const void *at, size_t len)
{
        if (!len || !make_room(writer, len))
                return;
        memcpy(writer->at + writer->len, at, len);
        writer->len += len;
}

void writer_u8(struct writer *writer, uint8_t value)
{
        writer_bytes(writer, &value, 1);
}

void writer_u32(struct writer *writer, uint32_t value)
{
        uint8_t bytes[LEB_U32_MAX];
        writer_bytes(writer, bytes, leb_write_u32(bytes, value));
}

void writer_span(struct writer *writer, struct ward_span span)
{
        writer_bytes(writer, span.at, span.len);
}

void writer_name(struct writer *writer, const char *name)
{
        writer_u32(writer, (uint32_t)strlen(name));
        writer_span(writer, span_of(name));
}

size_t writer_begin_sized(struct writer *writer)
{
        static const uint8_t room[LEB_U32_MAX] = { 0 };
        writer_bytes(writer, room, sizeof room);
        return writer->len;
}

size_t writer_begin(struct writer *writer, uint8_t id)
{
        writer_u8(writer, id);
        return writer_begin_sized(writer);
}

void writer_end(struct writer *writer, size_t mark)
{
        if (writer->failed)
                return;
        uint32_t len = (uint32_t)(writer->len - mark);
        uint8_t *to = writer->at + mark - LEB_U32_MAX;
        for (unsigned i = 0; i < LEB_U32_MAX; i++)
                to[i] = (uint8_t)((len >> 7 * i & 0x7f) | (i < LEB_U32_MAX - 1 ? 0x80 : 0));
}
