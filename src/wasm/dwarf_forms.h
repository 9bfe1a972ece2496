/* How values are written in debugging information (DWARF 5, section 7.5.6). */
#ifndef WASM_DWARF_FORMS_H
#define WASM_DWARF_FORMS_H

#include "wasm/dwarf_parts.h"

enum dwarf_form {
        FORM_ADDR = 0x01,
        FORM_STRING = 0x08,
        FORM_STRP = 0x0e,
        FORM_REF_ADDR = 0x10,
        FORM_REF1 = 0x11,
        FORM_REF_UDATA = 0x15,
        FORM_INDIRECT = 0x16,
        FORM_SEC_OFFSET = 0x17,
        FORM_STRX = 0x1a,
        FORM_ADDRX = 0x1b,
        FORM_LINE_STRP = 0x1f,
        FORM_IMPLICIT_CONST = 0x21,
        FORM_RNGLISTX = 0x23,
        FORM_STRX1 = 0x25,
        FORM_STRX4 = 0x28,
        FORM_ADDRX1 = 0x29,
        FORM_ADDRX4 = 0x2c,
};

/* What decides how long some of them are. */
struct dwarf_width {
        uint16_t version;
        uint8_t address; /* bytes: 4 or 8 */
};

struct dwarf_value {
        uint32_t form; /* 0: there is none */
        uint64_t number;
        struct ward_span text; /* of FORM_STRING */
};

/* Reads one, or goes past it; @cursor is bad after a form that is not known. @constant is what an implicit one is. */
struct dwarf_value dwarf_value(struct cursor *cursor, struct dwarf_width width, uint64_t form, int64_t constant);

/* The text that a value of class string is, but for the indexed ones; empty for others. */
struct ward_span dwarf_value_text(const struct dwarf *dwarf, const struct dwarf_value *value);

#endif
