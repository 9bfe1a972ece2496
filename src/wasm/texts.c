#include "wasm/texts.h"

enum {
        SLOTS_LEAST = 256,
        /* A module may make its names collide: then some are kept twice. */
        PROBES_MAX = 16,
};

void texts_init(struct texts *texts)
{
        *texts = (struct texts){ .bytes = growing_of(1, TEXTS_MAX) };
        growing_add(&texts->bytes, 1);
}

void texts_finish(struct texts *texts)
{
        growing_finish(&texts->bytes);
        free(texts->slots);
        texts->slots = NULL;
        texts->n_slots = texts->n_used = 0;
}

/* FNV-1a. */
static uint32_t hash(struct ward_span text)
{
        uint32_t value = 2166136261u;
        for (size_t i = 0; i < text.len; i++)
                value = (value ^ text.at[i]) * 16777619u;
        return value;
}

static bool is_at(const struct texts *texts, uint32_t at, struct ward_span text)
{
        const char *have = texts_at(texts, at);
        return !strncmp(have, (const char *)text.at, text.len) && !have[text.len];
}

/* The slot that holds @text, or a free one for it; NULL: neither is near. */
static uint32_t *find(const struct texts *texts, struct ward_span text)
{
        uint32_t first = hash(text);
        for (uint32_t i = 0; i < PROBES_MAX; i++) {
                uint32_t *slot = &texts->slots[(first + i) & (texts->n_slots - 1)];
                if (!*slot || is_at(texts, *slot, text))
                        return slot;
        }
        return NULL;
}

static struct ward_span text_of(const struct texts *texts, uint32_t at)
{
        return span_of(texts_at(texts, at));
}

/* Half of the slots are free. */
static void make_slots(struct texts *texts)
{
        struct texts larger = *texts;
        if (texts->slots && texts->n_used < texts->n_slots / 2)
                return;
        larger.n_slots = texts->n_slots ? texts->n_slots * 2 : SLOTS_LEAST;
        larger.slots = calloc(larger.n_slots, sizeof *larger.slots);
        if (!larger.slots)
                return;
        for (uint32_t i = 0; i < texts->n_slots; i++) {
                uint32_t *slot = texts->slots[i] ? find(&larger, text_of(texts, texts->slots[i])) : NULL;
                if (slot)
                        *slot = texts->slots[i];
        }
        free(texts->slots);
        *texts = larger;
}

static uint32_t append(struct texts *texts, struct ward_span text)
{
        char *at = growing_add(&texts->bytes, (uint32_t)text.len + 1);
        if (!at)
                return 0;
        memcpy(at, text.at, text.len);
        return (uint32_t)(at - (char *)texts->bytes.at);
}

uint32_t texts_add(struct texts *texts, struct ward_span text)
{
        text.len = text.at ? strnlen((const char *)text.at, text.len < TEXT_MAX ? text.len : TEXT_MAX) : 0;
        if (!text.len)
                return 0;
        make_slots(texts);
        uint32_t *slot = texts->slots ? find(texts, text) : NULL;
        if (slot && *slot)
                return *slot;
        uint32_t at = append(texts, text);
        if (slot && at) {
                *slot = at;
                texts->n_used++;
        }
        return at;
}
