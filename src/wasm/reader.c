#include "wasm/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/fault.h"
#include "wasm/leb.h"

void reader_refuse(struct reader *reader, const char *format, ...)
{
        char text[WARD_FAULT_TEXT_MAX];
        va_list args;
        if (reader->error)
                return;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        reader->error = fault_set(reader->fault, WARD_FAULT_MODULE, "module '%s': %s, offset 0x%zx: %s", reader->module->path,
                                  reader->where, (size_t)(reader->at - reader->module->bytes), text);
        reader->at = reader->end;
}

void reader_no_memory(struct reader *reader)
{
        if (reader->error)
                return;
        reader->error =
                fault_set(reader->fault, WARD_FAULT_SYSTEM, "module '%s': out of memory while reading it", reader->module->path);
        reader->at = reader->end;
}

static void refuse_cut(struct reader *reader)
{
        reader_refuse(reader, "ends in the middle; the file is cut short or damaged");
}

uint8_t reader_u8(struct reader *reader)
{
        if (reader->at == reader->end) {
                refuse_cut(reader);
                return 0;
        }
        return *reader->at++;
}

static uint64_t read_leb(struct reader *reader, unsigned bits, bool is_signed)
{
        uint64_t value = 0;
        int n = leb_read(reader->at, (size_t)(reader->end - reader->at), bits, is_signed, &value);
        if (n == LEB_CUT)
                refuse_cut(reader);
        else if (n == LEB_LONG)
                reader_refuse(reader, "a number does not fit %u bits", bits);
        else
                reader->at += n;
        return reader->error ? 0 : value;
}

uint32_t reader_u32(struct reader *reader)
{
        return (uint32_t)read_leb(reader, 32, false);
}

int64_t reader_signed(struct reader *reader, unsigned bits)
{
        return (int64_t)read_leb(reader, bits, true);
}

struct ward_span reader_bytes(struct reader *reader, size_t n)
{
        if (n > (size_t)(reader->end - reader->at)) {
                refuse_cut(reader);
                return (struct ward_span){ reader->at, 0 };
        }
        reader->at += n;
        return (struct ward_span){ reader->at - n, n };
}

struct ward_span reader_name(struct reader *reader)
{
        uint32_t len = reader_count(reader, WASM_NAME_MAX, "bytes in a name");
        struct ward_span name = reader_bytes(reader, len);
        if (!text_is_utf8(name.at, name.len))
                reader_refuse(reader, "a name is not UTF-8");
        return name;
}

uint32_t reader_index(struct reader *reader, uint32_t bound, const char *what)
{
        uint32_t index = reader_u32(reader);
        if (!reader->error && index >= bound)
                reader_refuse(reader, "there is no %s %u, only %u of them", what, index, bound);
        return reader->error ? 0 : index;
}

uint32_t reader_count(struct reader *reader, uint32_t max, const char *what)
{
        uint32_t n = reader_u32(reader);
        if (n > max)
                reader_refuse(reader, "%u %s; Ward takes at most %u", n, what, max);
        return reader->error ? 0 : n;
}

static const struct {
        uint8_t code;
        char letter;
        const char *name;
} value_types[] = {
        { 0x7f, TYPE_I32, "i32" }, { 0x7e, TYPE_I64, "i64" },         { 0x7d, TYPE_F32, "f32" },
        { 0x7c, TYPE_F64, "f64" }, { 0x70, TYPE_FUNCREF, "funcref" }, { 0x6f, TYPE_EXTERNREF, "externref" },
};

const char *type_name(char letter)
{
        for (size_t i = 0; i < sizeof value_types / sizeof value_types[0]; i++)
                if (value_types[i].letter == letter)
                        return value_types[i].name;
        return "any";
}

char reader_type(struct reader *reader)
{
        uint8_t code = reader_u8(reader);
        for (size_t i = 0; i < sizeof value_types / sizeof value_types[0]; i++)
                if (value_types[i].code == code)
                        return value_types[i].letter;
        if (code == 0x7b)
                reader_refuse(reader, "uses SIMD (type v128), which Ward does not take; build it without -msimd128");
        else
                reader_refuse(reader, "0x%02x is no value type", code);
        return TYPE_I32;
}

char reader_reference_type(struct reader *reader)
{
        char type = reader_type(reader);
        if (type != TYPE_FUNCREF && type != TYPE_EXTERNREF)
                reader_refuse(reader, "%s is no reference type", type_name(type));
        return type;
}

void *reader_array(struct reader *reader, size_t n, size_t size)
{
        if (reader->error)
                return NULL;
        void *array = calloc(n ? n : 1, size);
        if (!array)
                reader_no_memory(reader);
        return array;
}
