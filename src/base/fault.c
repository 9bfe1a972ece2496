#include "base/fault.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
        [WARD_FAULT_NONE] = "none",         [WARD_FAULT_SIGNAL] = "signal",     [WARD_FAULT_TRAP] = "trap",
        [WARD_FAULT_DEADLINE] = "deadline", [WARD_FAULT_LIMIT] = "limit",       [WARD_FAULT_PROTOCOL] = "protocol",
        [WARD_FAULT_EXIT] = "exit",         [WARD_FAULT_UNLOADED] = "unloaded", [WARD_FAULT_REFUSED] = "refused",
        [WARD_FAULT_MODULE] = "module",     [WARD_FAULT_CONTRACT] = "contract", [WARD_FAULT_COMPILE] = "compile",
        [WARD_FAULT_SYSTEM] = "system",     [WARD_FAULT_USAGE] = "usage",
};

const char *ward_fault_kind_name(enum ward_fault_kind kind)
{
        if ((unsigned)kind >= sizeof kind_names / sizeof kind_names[0])
                return "unknown";
        return kind_names[kind];
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

int text_is_utf8(const void *at, size_t len)
{
        const uint8_t *p = at;
        size_t i = 0;
        while (i < len) {
                uint64_t eight;
                if (len - i >= sizeof eight) {
                        memcpy(&eight, p + i, sizeof eight);
                        if (!(eight & 0x8080808080808080u)) {
                                i += sizeof eight;
                                continue;
                        }
                }
                size_t n = utf8_len(p + i, len - i);
                if (!n)
                        return false;
                i += n;
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

void text_escape(char *to, size_t size, const char *from, size_t len, int lines)
{
        const uint8_t *p = (const uint8_t *)from;
        size_t out = 0;
        for (size_t i = 0; i < len && out + 1 < size;) {
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
