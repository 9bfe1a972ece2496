#include "base/fault.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
        [WARD_FAULT_NONE] = "none",         [WARD_FAULT_SIGNAL] = "signal",     [WARD_FAULT_TRAP] = "trap",
        [WARD_FAULT_DEADLINE] = "deadline", [WARD_FAULT_LIMIT] = "limit",       [WARD_FAULT_PROTOCOL] = "protocol",
        [WARD_FAULT_EXIT] = "exit",         [WARD_FAULT_UNLOADED] = "unloaded", [WARD_FAULT_REFUSED] = "refused",
        [WARD_FAULT_MODULE] = "module",     [WARD_FAULT_CONTRACT] = "contract", [WARD_FAULT_COMPILE] = "compile",
        [WARD_FAULT_SYSTEM] = "system",     [WARD_FAULT_USAGE] = "usage",       [WARD_FAULT_CANCELLED] = "cancelled",
};

const char *ward_fault_kind_name(enum ward_fault_kind kind)
{
        if ((unsigned)kind >= sizeof kind_names / sizeof kind_names[0])
                return "unknown";
        return kind_names[kind];
}

static const char *const trap_names[] = {
        [WARD_TRAP_NONE] = "none",
        [WARD_TRAP_MEMORY] = "out of bounds memory access",
        [WARD_TRAP_TABLE] = "out of bounds table access",
        [WARD_TRAP_UNREACHABLE] = "unreachable",
        [WARD_TRAP_DIVIDE_BY_ZERO] = "integer divide by zero",
        [WARD_TRAP_OVERFLOW] = "integer overflow",
        [WARD_TRAP_CONVERSION] = "invalid conversion to integer",
        [WARD_TRAP_CALL_UNDEFINED] = "indirect call mismatch: undefined element",
        [WARD_TRAP_CALL_NULL] = "indirect call mismatch: null element",
        [WARD_TRAP_CALL_TYPE] = "indirect call mismatch: another type",
        [WARD_TRAP_STACK] = "call stack exhausted",
};

const char *ward_trap_name(enum ward_trap trap)
{
        if ((unsigned)trap >= sizeof trap_names / sizeof trap_names[0])
                return "unknown";
        return trap_names[trap];
}

static void fault_write(struct ward_fault *fault, enum ward_fault_kind kind, int error, const char *format, va_list args)
{
        char raw[WARD_FAULT_TEXT_MAX];
        vsnprintf(raw, sizeof raw, format, args);
        if (error) {
                size_t len = strlen(raw);
                const char *text = strerrordesc_np(error);
                snprintf(raw + len, sizeof raw - len, ": %s", text ? text : "unknown error");
        }
        memset(fault, 0, sizeof *fault);
        fault->kind = kind;
        fault->error = error;
        text_escape(fault->text, sizeof fault->text, raw, strlen(raw), false);
}

int fault_set(struct ward_fault *fault, enum ward_fault_kind kind, const char *format, ...)
{
        if (fault) {
                va_list args;
                va_start(args, format);
                fault_write(fault, kind, 0, format, args);
                va_end(args);
        }
        return -(int)kind;
}

int fault_set_errno(struct ward_fault *fault, enum ward_fault_kind kind, int error, const char *format, ...)
{
        if (fault) {
                va_list args;
                va_start(args, format);
                fault_write(fault, kind, error, format, args);
                va_end(args);
        }
        return -(int)kind;
}

void fault_say(struct ward_fault *fault, const char *format, ...)
{
        char raw[WARD_FAULT_TEXT_MAX];
        va_list args;
        if (!fault)
                return;
        va_start(args, format);
        vsnprintf(raw, sizeof raw, format, args);
        va_end(args);
        text_escape(fault->text, sizeof fault->text, raw, strlen(raw), false);
}

static void name_once(char to[WARD_FAULT_NAME_MAX], const char *from)
{
        if (from && !to[0])
                text_escape(to, WARD_FAULT_NAME_MAX, from, strlen(from), false);
}

void fault_name(struct ward_fault *fault, const char *addin, const char *domain, const char *function)
{
        if (!fault)
                return;
        name_once(fault->addin, addin);
        name_once(fault->domain, domain);
        name_once(fault->function, function);
}

/* Length of the well-formed UTF-8 sequence at @at, of at most @len bytes; 0 if there is none. */
static size_t utf8_len(const uint8_t *at, size_t len)
{
        uint8_t first = at[0], low = 0x80, high = 0xbf;
        size_t n;
        if (first < 0x80)
                return 1;
        if (first >= 0xc2 && first <= 0xdf)
                n = 2;
        else if (first >= 0xe0 && first <= 0xef)
                n = 3;
        else if (first >= 0xf0 && first <= 0xf4)
                n = 4;
        else
                return 0;
        if (n > len)
                return 0;
        if (first == 0xe0)
                low = 0xa0; /* overlong */
        else if (first == 0xed)
                high = 0x9f; /* surrogates */
        else if (first == 0xf0)
                low = 0x90; /* overlong */
        else if (first == 0xf4)
                high = 0x8f; /* above 0x10ffff */
        if (at[1] < low || at[1] > high)
                return 0;
        for (size_t i = 2; i < n; i++)
                if (at[i] < 0x80 || at[i] > 0xbf)
                        return 0;
        return n;
}

/* How many of the bytes at @at come before one that is not ASCII. Words are read as on a little-endian machine. */
static size_t ascii_len(const uint8_t *at, size_t len)
{
        const uint64_t high = 0x8080808080808080u;
        uint64_t words[4], word;
        size_t i = 0;
        for (; len - i >= sizeof words; i += sizeof words) {
                memcpy(words, at + i, sizeof words);
                if ((words[0] | words[1] | words[2] | words[3]) & high)
                        break;
        }
        for (; len - i >= sizeof word; i += sizeof word) {
                memcpy(&word, at + i, sizeof word);
                if (word & high)
                        return i + (size_t)__builtin_ctzll(word & high) / 8;
        }
        while (i < len && at[i] < 0x80)
                i++;
        return i;
}

/* utf8_len of what does not begin with ASCII and has four bytes to look at, which are @word. */
static size_t utf8_word_len(uint32_t word)
{
        if ((word & 0xc0e0) == 0x80c0)
                return word & 0x1e ? 2 : 0; /* else overlong */
        if ((word & 0xc0c0f0) == 0x8080e0)
                return (word & 0x200f) && (word & 0x200f) != 0x200d ? 3 : 0; /* else overlong, a surrogate */
        if ((word & 0xc0c0c0f8) == 0x808080f0) {
                uint32_t plane = (word & 7) << 2 | (word >> 12 & 3);
                return plane >= 1 && plane <= 16 ? 4 : 0;
        }
        return 0;
}

int text_is_utf8(const void *at, size_t len)
{
        const uint8_t *p = at;
        for (size_t i = ascii_len(p, len); i < len; i += ascii_len(p + i, len - i)) {
                do {
                        uint32_t word;
                        bool whole = len - i >= sizeof word;
                        if (whole)
                                memcpy(&word, p + i, sizeof word);
                        size_t n = whole ? utf8_word_len(word) : utf8_len(p + i, len - i);
                        if (!n)
                                return false;
                        i += n;
                } while (i < len && p[i] >= 0x80);
        }
        return true;
}

/* C1 controls, bidirectional overrides and line separators would let a text lie on a terminal. */
static bool hides(const uint8_t *at, size_t n)
{
        if (n == 1)
                return at[0] < 0x20 || at[0] == 0x7f;
        if (n == 2)
                return at[0] == 0xc2 && at[1] < 0xa0;
        if (n == 3 && at[0] == 0xe2)
                return (at[1] == 0x80 && (at[2] >= 0xa8 && at[2] <= 0xae)) || (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
        return false;
}

/* How many bytes at @p are printable ASCII, of @most: whole words of them. What a borrow or carry makes look otherwise ends it. */
static size_t plain_words(const uint8_t *p, size_t most)
{
        const uint64_t ones = 0x0101010101010101u;
        size_t n = 0;
        for (uint64_t word; n + sizeof word <= most; n += sizeof word) {
                memcpy(&word, p + n, sizeof word);
                if ((word | (word - 0x20 * ones) | (word + ones)) & 0x80 * ones)
                        break;
        }
        return n;
}

void text_escape(char *to, size_t size, const char *from, size_t len, int lines)
{
        const uint8_t *p = (const uint8_t *)from;
        size_t out = 0;
        for (size_t i = 0; i < len && out + 1 < size;) {
                size_t words = plain_words(p + i, len - i < size - out - 1 ? len - i : size - out - 1);
                if (words) {
                        memcpy(to + out, p + i, words);
                        out += words;
                        i += words;
                        continue;
                }
                if (p[i] >= 0x20 && p[i] < 0x7f) {
                        to[out++] = (char)p[i++];
                        continue;
                }
                size_t n = utf8_len(p + i, len - i);
                bool plain = n && (!hides(p + i, n) || (lines && p[i] == '\n'));
                if (!n)
                        n = 1;
                size_t needs = plain ? n : 4 * n;
                if (out + needs >= size)
                        break;
                if (plain)
                        memcpy(to + out, p + i, n);
                else
                        for (size_t j = 0; j < n; j++)
                                snprintf(to + out + 4 * j, 5, "\\x%02x", p[i + j]);
                out += needs;
                i += n;
        }
        if (size)
                to[out] = 0;
}
