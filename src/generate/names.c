#include "generate/names.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pool_block {
        struct pool_block *next;
        _Alignas(16) char at[];
};

void *pool_alloc(struct pool *pool, size_t size)
{
        struct pool_block *block = calloc(1, sizeof *block + size);
        if (!block)
                abort();
        block->next = pool->blocks;
        pool->blocks = block;
        return block->at;
}

char *pool_vprintf(struct pool *pool, const char *format, va_list args)
{
        va_list again;
        va_copy(again, args);
        int len = vsnprintf(NULL, 0, format, again);
        va_end(again);
        if (len < 0)
                abort();
        char *text = pool_alloc(pool, (size_t)len + 1);
        vsnprintf(text, (size_t)len + 1, format, args);
        return text;
}

char *pool_printf(struct pool *pool, const char *format, ...)
{
        va_list args;
        va_start(args, format);
        char *text = pool_vprintf(pool, format, args);
        va_end(args);
        return text;
}

void pool_free_all(struct pool *pool)
{
        while (pool->blocks) {
                struct pool_block *next = pool->blocks->next;
                free(pool->blocks);
                pool->blocks = next;
        }
}

/* Brackets and dots stand in the names of a resource's functions: "[method]r.f". */
char *name_snake(struct pool *pool, const char *kebab)
{
        char *snake = pool_printf(pool, "%s", kebab + (*kebab == '['));
        for (char *c = snake; *c; c++)
                *c = strchr("-].", *c) ? '_' : (char)tolower((unsigned char)*c);
        return snake;
}

char *name_upper(struct pool *pool, const char *text)
{
        char *upper = pool_printf(pool, "%s", text);
        for (char *c = upper; *c; c++)
                *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
        return upper;
}

/* The keywords of C up to C23 and of C++ up to C++23 (with those of its technical specifications), what GNU C adds, names that
 * standard headers or compilers define as macros, and the two that signatures use. Each between spaces. */
static const char reserved[] =
        " alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break "
        "case catch char char16_t char32_t char8_t class co_await co_return co_yield compl complex concept const "
        "const_cast consteval constexpr constinit continue decltype default delete do double dynamic_cast else enum "
        "err errno explicit export extern false float for friend goto i386 if imaginary inline int linux long mutable "
        "namespace new noexcept not not_eq nullptr operator or or_eq private protected public reflexpr register "
        "reinterpret_cast requires restrict ret return short signed sizeof static static_assert static_cast stderr "
        "stdin stdout struct switch synchronized template this thread_local throw true try typedef typeid typename "
        "typeof typeof_unqual union unix unsigned using virtual void volatile wchar_t while xor xor_eq ";

char *name_ident(struct pool *pool, const char *kebab)
{
        char *snake = name_snake(pool, kebab);
        bool taken = strstr(reserved, pool_printf(pool, " %s ", snake));
        return taken ? pool_printf(pool, "%s_", snake) : snake;
}

/* The slot that holds @name, or the free one where it belongs. */
static size_t slot_of(const struct names *names, const char *name)
{
        uint32_t hash = 2166136261u; /* FNV-1a */
        for (const char *c = name; *c; c++)
                hash = (hash ^ (uint8_t)*c) * 16777619u;
        size_t i = hash & (names->n_slots - 1);
        while (names->slots[i] && strcmp(names->slots[i], name))
                i = (i + 1) & (names->n_slots - 1);
        return i;
}

static void grow(struct names *names)
{
        struct names grown = { .n = names->n, .n_slots = names->n_slots ? names->n_slots * 2 : 64 };
        grown.slots = calloc(grown.n_slots, sizeof *grown.slots);
        if (!grown.slots)
                abort();
        for (size_t i = 0; i < names->n_slots; i++)
                if (names->slots[i])
                        grown.slots[slot_of(&grown, names->slots[i])] = names->slots[i];
        free(names->slots);
        *names = grown;
}

bool names_has(const struct names *names, const char *name)
{
        return names->n_slots && names->slots[slot_of(names, name)];
}

const char *names_add(struct names *names, struct pool *pool, const char *name)
{
        if (names->n * 2 >= names->n_slots)
                grow(names);
        while (names_has(names, name))
                name = pool_printf(pool, "%s_", name);
        names->slots[slot_of(names, name)] = name;
        names->n++;
        return name;
}

void names_finish(struct names *names)
{
        free(names->slots);
        *names = (struct names){ 0 };
}
