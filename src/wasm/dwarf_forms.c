#include "wasm/dwarf_forms.h"

#include "base/own.h"

enum length {
        UNKNOWN,
        FIXED, /* @bytes of them */
        ADDRESS,
        ULEB,
        SLEB,
        TEXT,
        BLOCK,      /* its length in @bytes, then that many */
        ULEB_BLOCK, /* its length as LEB128 */
        OFFSET,     /* of another unit: as an address in version 2 */
        CONSTANT,
};

static const struct {
        uint8_t length, bytes;
} forms[] = {
        [0x01] = { ADDRESS },  [0x03] = { BLOCK, 2 },   [0x04] = { BLOCK, 4 },   [0x05] = { FIXED, 2 }, [0x06] = { FIXED, 4 },
        [0x07] = { FIXED, 8 }, [0x08] = { TEXT },       [0x09] = { ULEB_BLOCK }, [0x0a] = { BLOCK, 1 }, [0x0b] = { FIXED, 1 },
        [0x0c] = { FIXED, 1 }, [0x0d] = { SLEB },       [0x0e] = { FIXED, 4 },   [0x0f] = { ULEB },     [0x10] = { OFFSET },
        [0x11] = { FIXED, 1 }, [0x12] = { FIXED, 2 },   [0x13] = { FIXED, 4 },   [0x14] = { FIXED, 8 }, [0x15] = { ULEB },
        [0x17] = { FIXED, 4 }, [0x18] = { ULEB_BLOCK }, [0x19] = { FIXED, 0 },   [0x1a] = { ULEB },     [0x1b] = { ULEB },
        [0x1c] = { FIXED, 4 }, [0x1d] = { FIXED, 4 },   [0x1e] = { FIXED, 16 },  [0x1f] = { FIXED, 4 }, [0x20] = { FIXED, 8 },
        [0x21] = { CONSTANT }, [0x22] = { ULEB },       [0x23] = { ULEB },       [0x24] = { FIXED, 8 }, [0x25] = { FIXED, 1 },
        [0x26] = { FIXED, 2 }, [0x27] = { FIXED, 3 },   [0x28] = { FIXED, 4 },   [0x29] = { FIXED, 1 }, [0x2a] = { FIXED, 2 },
        [0x2b] = { FIXED, 3 }, [0x2c] = { FIXED, 4 },
};

static uint64_t read_fixed(struct cursor *cursor, unsigned bytes)
{
        if (bytes <= sizeof(uint64_t))
                return cursor_number(cursor, bytes);
        cursor_bytes(cursor, bytes);
        return 0;
}

struct dwarf_value dwarf_value(struct cursor *cursor, struct dwarf_width width, uint64_t form, int64_t constant)
{
        struct dwarf_value value = { 0 };
        if (form == FORM_INDIRECT) /* which cannot say indirect again, for then it is not known */
                form = cursor_uleb(cursor);
        if (form >= COUNT_OF(forms))
                form = 0;
        value.form = (uint32_t)form;
        unsigned bytes = forms[form].bytes;
        switch ((enum length)forms[form].length) {
        case UNKNOWN:
                cursor->bad = true;
                break;
        case FIXED:
                value.number = read_fixed(cursor, bytes);
                break;
        case ADDRESS:
                value.number = cursor_number(cursor, width.address);
                break;
        case ULEB:
                value.number = cursor_uleb(cursor);
                break;
        case SLEB:
                value.number = (uint64_t)cursor_sleb(cursor);
                break;
        case TEXT:
                value.text = cursor_text(cursor);
                break;
        case BLOCK:
                cursor_bytes(cursor, cursor_number(cursor, bytes));
                break;
        case ULEB_BLOCK:
                cursor_bytes(cursor, cursor_uleb(cursor));
                break;
        case OFFSET:
                value.number = cursor_number(cursor, width.version == 2 ? width.address : 4);
                break;
        case CONSTANT:
                value.number = (uint64_t)constant;
                break;
        }
        return value;
}

struct ward_span dwarf_value_text(const struct dwarf *dwarf, const struct dwarf_value *value)
{
        if (value->form == FORM_STRING)
                return value->text;
        if (value->form == FORM_STRP)
                return dwarf_text(dwarf->in->str, value->number);
        if (value->form == FORM_LINE_STRP)
                return dwarf_text(dwarf->in->line_str, value->number);
        return (struct ward_span){ 0 };
}
