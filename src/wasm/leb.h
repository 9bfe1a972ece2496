/* LEB128, as WebAssembly bounds it: no more bytes than the width needs, and no bits beyond it. */
#ifndef WASM_LEB_H
#define WASM_LEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEB_CUT = 0, LEB_LONG = -1, LEB_U32_MAX = 5 };

/* Whether the last byte that a number of @bits may have holds nothing but the bits that are left for it. */
static inline bool leb_fits(uint8_t last, unsigned left, bool is_signed)
{
        if (!is_signed)
                return last >> left == 0;
        uint8_t extension = (uint8_t)(0x7f & ~((1u << (left - 1)) - 1));
        return (last & extension) == 0 || (last & extension) == extension;
}

/* Reads a number of @bits. Returns the bytes that it takes, LEB_CUT where they end before it does, LEB_LONG where it does not fit.
 */
static inline int leb_read(const uint8_t *at, size_t len, unsigned bits, bool is_signed, uint64_t *ret)
{
        unsigned most = (bits + 6) / 7;
        uint64_t value = 0;
        for (unsigned i = 0; i < most; i++) {
                unsigned shift = 7 * i;
                if (i == len)
                        return LEB_CUT;
                value |= (uint64_t)(at[i] & 0x7f) << shift;
                if (at[i] & 0x80)
                        continue;
                if (i == most - 1 && !leb_fits(at[i], bits - shift, is_signed))
                        return LEB_LONG;
                if (is_signed && (at[i] & 0x40) && shift + 7 < 64)
                        value |= UINT64_MAX << (shift + 7);
                *ret = value;
                return (int)i + 1;
        }
        return LEB_LONG;
}

/* Writes @value in as few bytes as it takes, and returns their number. */
static inline size_t leb_write_u32(uint8_t to[LEB_U32_MAX], uint32_t value)
{
        size_t n = 0;
        do {
                to[n++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
                value >>= 7;
        } while (value);
        return n;
}

#endif
