#include "marshal/layout.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/fault.h"

static const char *part_name(uint32_t number, char *to, size_t size)
{
        if (number == PART_RESULT)
                return "the result";
        if (number == PART_PARAMS)
                return "the parameters";
        snprintf(to, size, "parameter %u", number);
        return to;
}

int part_fault(const struct part *part, enum ward_fault_kind kind, const char *format, ...)
{
        char text[WARD_FAULT_TEXT_MAX], name[32];
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        if (!part->function)
                return fault_set(part->fault, kind, "%s", text);
        return fault_set(part->fault, kind, "%s: %s: %s", part->function, part_name(part->number, name, sizeof name), text);
}

/* Puts the place before what a callback reported, and keeps the rest of its report. */
static int name_place(const struct part *part, int r)
{
        char text[2 * WARD_FAULT_TEXT_MAX], name[32];
        struct ward_fault *fault = part->fault;
        if (!fault || !part->function)
                return r;
        snprintf(text, sizeof text, "%s: %s: %s", part->function, part_name(part->number, name, sizeof name), fault->text);
        text_escape(fault->text, sizeof fault->text, text, strlen(text), false);
        return r;
}

static int no_handles(const struct part *part, const struct ward_type *type)
{
        return part_fault(part, WARD_FAULT_USAGE, "a handle of %s, and no table to look it up in",
                          type->resource ? type->resource->name : "no resource");
}

int part_lower_handle(const struct part *part, const struct marshal_handles *handles, const struct ward_type *type,
                      const void *from, uint32_t *ret_number)
{
        if (!handles)
                return no_handles(part, type);
        int r = handles->lower(handles->context, type, from, ret_number, part->fault);
        return r ? name_place(part, r) : 0;
}

int part_lift_handle(const struct part *part, const struct marshal_handles *handles, const struct ward_type *type, uint32_t number,
                     void *to)
{
        if (!handles)
                return no_handles(part, type);
        int r = handles->lift(handles->context, type, number, to, part->fault);
        return r ? name_place(part, r) : 0;
}

static bool settle_chars(const uint8_t *from, size_t n, uint8_t *to, uint32_t *ret_bad_char)
{
        for (size_t i = 0; i < 4 * n; i += 4) {
                uint32_t c = (uint32_t)bits_read(from + i, 4);
                if (!is_char(c)) {
                        *ret_bad_char = c;
                        return false;
                }
                bits_write(to + i, 4, c);
        }
        return true;
}

bool scalars_settle(const struct ward_type *type, const void *from, size_t n, void *to, uint32_t *ret_bad_char)
{
        const uint8_t *source = from;
        uint8_t *target = to;
        uint32_t size = type->abi_size;
        uint64_t known = type->kind == WARD_TYPE_FLAGS ? known_flags(type) : UINT64_MAX;
        if (type->kind == WARD_TYPE_CHAR)
                return settle_chars(source, n, target, ret_bad_char);
        if (type->kind == WARD_TYPE_BOOL)
                for (size_t i = 0; i < n; i++)
                        target[i] = source[i] != 0;
        else
                for (size_t i = 0; i < n; i++)
                        bits_write(target + i * size, size, bits_read(source + i * size, size) & known);
        return true;
}
