#include "contract/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
        BLOCK_MIN = 4 * 1024,
        BLOCK_MAX = 1024 * 1024,
        VECTOR_MIN = 4,
};

struct block {
        struct block *next;
        alignas(max_align_t) char bytes[];
};

struct arena {
        struct block *blocks;
        char *at;
        size_t room; /* at @at, in the newest block */
        size_t next_size;
        size_t budget;
        jmp_buf *out;
};

struct arena *arena_new(jmp_buf *out, size_t budget)
{
        struct arena *arena = calloc(1, sizeof *arena);
        if (!arena)
                return NULL;
        arena->out = out;
        arena->budget = budget;
        arena->next_size = BLOCK_MIN;
        return arena;
}

struct arena *arena_free(struct arena *arena)
{
        if (!arena)
                return NULL;
        for (struct block *next, *block = arena->blocks; block; block = next) {
                next = block->next;
                free(block);
        }
        free(arena);
        return NULL;
}

/* Starts a block that holds at least @size bytes. What is left of the one before is given up. */
static void add_block(struct arena *arena, size_t size)
{
        size_t room = size > arena->next_size ? size : arena->next_size;
        struct block *block = NULL;
        if (size <= arena->budget)
                block = calloc(1, sizeof *block + room);
        if (!block)
                longjmp(*arena->out, 1);
        block->next = arena->blocks;
        arena->blocks = block;
        arena->at = block->bytes;
        arena->room = room;
        arena->budget -= room < arena->budget ? room : arena->budget;
        if (arena->next_size < BLOCK_MAX)
                arena->next_size *= 2;
}

void *arena_take(struct arena *arena, size_t size)
{
        const size_t align = alignof(max_align_t);
        if (size > SIZE_MAX / 2)
                longjmp(*arena->out, 1);
        size = ((size ? size : 1) + align - 1) & ~(align - 1);
        if (size > arena->room)
                add_block(arena, size);
        void *at = arena->at;
        arena->at += size;
        arena->room -= size;
        return at;
}

void *arena_room(struct arena *arena, void *items, size_t n, size_t size)
{
        const bool full = n == 0 || (n >= VECTOR_MIN && (n & (n - 1)) == 0);
        if (!full)
                return items;
        void *grown = arena_take(arena, (n ? 2 * n : VECTOR_MIN) * size);
        if (n)
                memcpy(grown, items, n * size);
        return grown;
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
        char *copy = arena_take(arena, len + 1);
        memcpy(copy, text, len);
        return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
        va_list args, again;
        va_start(args, format);
        va_copy(again, args);
        int len = vsnprintf(NULL, 0, format, args);
        va_end(args);
        char *text = arena_take(arena, len < 0 ? 1 : (size_t)len + 1);
        if (len > 0)
                vsnprintf(text, (size_t)len + 1, format, again);
        va_end(again);
        return text;
}
