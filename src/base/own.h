/* Ownership on locals: `OWNED(fd_closep) int fd = -1;` is released on every path out; `return STEAL_FD(fd)` keeps it. */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWNED(f) __attribute__((cleanup(f)))

/* The pointer's value, and NULL in its place. */
#define STEAL(p)                                                                                                                   \
        ({                                                                                                                         \
                __typeof__(p) *_p = &(p);                                                                                          \
                __typeof__(p) _v = *_p;                                                                                            \
                *_p = NULL;                                                                                                        \
                _v;                                                                                                                \
        })

/* The descriptor's value, and -1 in its place. */
#define STEAL_FD(fd)                                                                                                               \
        ({                                                                                                                         \
                int *_p = &(fd);                                                                                                   \
                int _v = *_p;                                                                                                      \
                *_p = -1;                                                                                                          \
                _v;                                                                                                                \
        })

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* As calloc(1, @size), for what is made and freed all the time: glibc's calloc takes nothing from what its thread has freed last.
 */
static inline void *own_zeroed(size_t size)
{
        void *p = malloc(size);
        __asm__("" : "+r"(p)); /* or compilers, which know that, make a calloc of it */
        return p ? memset(p, 0, size) : NULL;
}

static inline void freep(void *p)
{
        free(*(void **)p);
}

/* Closes @fd if it is one, keeps errno, gives -1. */
int fd_close(int fd);

static inline void fd_closep(int *fd)
{
        *fd = fd_close(*fd);
}

#endif
