#include "base/near.h"

#include <string.h>

unsigned near_edits(const char *a, size_t a_len, const char *b, size_t b_len)
{
        unsigned row[NEAR_LENGTH_MAX + 1];
        for (unsigned j = 0; j <= b_len; j++)
                row[j] = j;
        for (size_t i = 1; i <= a_len; i++) {
                unsigned diagonal = row[0];
                row[0] = (unsigned)i;
                for (size_t j = 1; j <= b_len; j++) {
                        unsigned best = diagonal + (a[i - 1] != b[j - 1]);
                        diagonal = row[j];
                        if (row[j] + 1 < best)
                                best = row[j] + 1;
                        if (row[j - 1] + 1 < best)
                                best = row[j - 1] + 1;
                        row[j] = best;
                }
        }
        return row[b_len];
}

unsigned near_bound(size_t len)
{
        return len > NEAR_LENGTH_MAX ? 0 : (unsigned)len / 3;
}

const char *near_find(const char *name, const char *const *names, size_t n)
{
        size_t len = strlen(name);
        unsigned least = near_bound(len);
        const char *best = NULL;
        for (size_t i = 0; least && i < n; i++) {
                size_t other = strlen(names[i]);
                unsigned edits = other > NEAR_LENGTH_MAX ? least + 1 : near_edits(name, len, names[i], other);
                if (edits < least || (edits == least && !best)) {
                        least = edits;
                        best = names[i];
                }
        }
        return best;
}
