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
        return fault_set(part->fault, kind, "%s: %s: %s", part->function, part_name(part->number, name, sizeof name), text);
}
