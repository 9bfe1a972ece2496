/* Memory that lives and dies together.
 *
 * 1. arena_new  2. arena_take, arena_room, arena_format …  3. arena_free
 *
 * Taking never returns NULL: where memory or the budget runs out, it jumps to the point that the arena was made with. So
 * the code that builds trees and models has no error paths for memory; the one function that set the point frees the arenas. */
#ifndef CONTRACT_ARENA_H
#define CONTRACT_ARENA_H

#include <setjmp.h>
#include <stddef.h>

struct arena;

/* NULL without memory. @out is borrowed and must be set before the first taking; it is not used after the last. @budget bounds the
 * bytes taken. */
struct arena *arena_new(jmp_buf *out, size_t budget);
struct arena *arena_free(struct arena *arena);

/* Zeroed, aligned for any type. */
void *arena_take(struct arena *arena, size_t size);

/* A vector of @n items of @size bytes that has room for one more: @items itself, or a copy. Its capacity follows from @n, so
 * every vector must grow by this function alone, one item at a time. */
void *arena_room(struct arena *arena, void *items, size_t n, size_t size);

char *arena_copy(struct arena *arena, const char *text, size_t len);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
