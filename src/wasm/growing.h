/* An array that grows at its end. Running out of memory, or of what it may hold, sticks: one check at the end. */
#ifndef WASM_GROWING_H
#define WASM_GROWING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct growing {
        void *at; /* owned: growing_finish, or taken over */
        uint32_t n, room;
        uint32_t max;
        uint32_t item; /* bytes of one */
        bool failed;   /* there was no memory */
};

static inline struct growing growing_of(uint32_t item, uint32_t max)
{
        return (struct growing){ .item = item, .max = max };
}

static inline void growing_finish(struct growing *growing)
{
        free(growing->at);
        growing->at = NULL;
        growing->n = growing->room = 0;
}

/* Room for @n more, zeroed; NULL where there is none. */
static inline void *growing_add(struct growing *growing, uint32_t n)
{
        if (growing->failed || n > growing->max - growing->n)
                return NULL;
        if (n > growing->room - growing->n) {
                uint64_t room = (uint64_t)growing->room * 2 + n + 16;
                if (room > growing->max)
                        room = growing->max;
                void *at = realloc(growing->at, (size_t)room * growing->item);
                growing->failed = !at;
                if (!at)
                        return NULL;
                growing->at = at;
                growing->room = (uint32_t)room;
        }
        void *added = (char *)growing->at + (size_t)growing->n * growing->item;
        growing->n += n;
        return memset(added, 0, (size_t)n * growing->item);
}

#endif
