#include "contract/semver.h"

#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_identifier(char c)
{
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* A number without leading zeros, of 64 bits, as other tools have it. */
static size_t number_length(const char *text, size_t len)
{
        static const char most[] = "18446744073709551615";
        const size_t digits = sizeof most - 1;
        size_t n = 0;
        while (n < len && is_digit(text[n]))
                n++;
        if (n > digits || (n == digits && memcmp(text, most, digits) > 0))
                return 0;
        return n > 1 && text[0] == '0' ? 0 : n;
}

/* One identifier of a pre-release, or of build metadata, where numbers may begin with zeros. */
static size_t identifier_length(const char *text, size_t len, bool build)
{
        size_t n = 0, digits = 0;
        for (; n < len && is_identifier(text[n]); n++)
                digits += is_digit(text[n]);
        return !build && n > 1 && digits == n && text[0] == '0' ? 0 : n;
}

/* Identifiers between points; a point that no identifier follows is not part of it. */
static size_t identifiers_length(const char *text, size_t len, bool build)
{
        size_t at = identifier_length(text, len, build);
        while (at && at + 1 < len && text[at] == '.') {
                size_t n = identifier_length(text + at + 1, len - at - 1, build);
                if (!n)
                        break;
                at += 1 + n;
        }
        return at;
}

size_t semver_length(const char *text, size_t len)
{
        size_t at = 0;
        for (int i = 0; i < 3; i++) {
                if (i && (at >= len || text[at++] != '.'))
                        return 0;
                size_t n = number_length(text + at, len - at);
                if (!n)
                        return 0;
                at += n;
        }
        for (const char *mark = "-+"; *mark; mark++) {
                if (at >= len || text[at] != *mark)
                        continue;
                size_t n = identifiers_length(text + at + 1, len - at - 1, *mark == '+');
                if (!n)
                        return 0;
                at += 1 + n;
        }
        return at;
}

/* Where the pre-release or build metadata ends that @text is. */
static size_t part_length(const char *text, const char *until)
{
        return strcspn(text, until);
}

static int compare_numbers(const char *a, size_t a_len, const char *b, size_t b_len)
{
        if (a_len != b_len)
                return a_len < b_len ? -1 : 1;
        return memcmp(a, b, a_len);
}

static bool is_number(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (!is_digit(text[i]))
                        return false;
        return true;
}

static int compare_identifiers(const char *a, size_t a_len, const char *b, size_t b_len)
{
        bool a_number = is_number(a, a_len), b_number = is_number(b, b_len);
        if (a_number && b_number)
                return compare_numbers(a, a_len, b, b_len);
        if (a_number != b_number)
                return a_number ? -1 : 1;
        int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
        return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* Two pre-releases, both given from behind their `-`, or both build metadata. */
static int compare_lists(const char *a, const char *b)
{
        for (;;) {
                size_t a_len = part_length(a, ".+"), b_len = part_length(b, ".+");
                int order = compare_identifiers(a, a_len, b, b_len);
                if (order)
                        return order;
                bool a_more = a[a_len] == '.', b_more = b[b_len] == '.';
                if (!a_more || !b_more)
                        return a_more - b_more;
                a += a_len + 1;
                b += b_len + 1;
        }
}

int semver_compare(const char *a, const char *b)
{
        for (int i = 0; i < 3; i++) {
                size_t a_len = part_length(a, ".-+"), b_len = part_length(b, ".-+");
                int order = compare_numbers(a, a_len, b, b_len);
                if (order)
                        return order;
                a += a_len + (i < 2);
                b += b_len + (i < 2);
        }
        if (*a == '-' && *b == '-') {
                int order = compare_lists(a + 1, b + 1);
                if (order)
                        return order;
        } else if (*a == '-' || *b == '-') {
                return *a == '-' ? -1 : 1;
        }
        const char *a_build = strchr(a, '+'), *b_build = strchr(b, '+');
        if (a_build && b_build)
                return compare_lists(a_build + 1, b_build + 1);
        return (a_build != NULL) - (b_build != NULL);
}
