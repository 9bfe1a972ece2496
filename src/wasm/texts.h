/* Many texts, each kept once, in one block of bytes: names of functions and files, of which a module has few and says them often.
 */
#ifndef WASM_TEXTS_H
#define WASM_TEXTS_H

#include "base/span.h"
#include "wasm/growing.h"

enum {
        TEXTS_MAX = 16 << 20,
        TEXT_MAX = 512, /* of one: it is cut there, for no report shows more */
};

struct texts {
        struct growing bytes; /* NUL-terminated; at 0 is the empty one */
        uint32_t *slots;      /* where in @bytes, by hash; 0: free */
        uint32_t n_slots, n_used;
};

void texts_init(struct texts *texts);
void texts_finish(struct texts *texts);

/* Where @text is in the bytes, up to its first NUL; 0 where it is empty, or there is no room. */
uint32_t texts_add(struct texts *texts, struct ward_span text);

static inline const char *texts_at(const struct texts *texts, uint32_t at)
{
        return at < texts->bytes.n ? (const char *)texts->bytes.at + at : "";
}

#endif
