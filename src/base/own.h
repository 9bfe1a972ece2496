/* Ownership on locals: `OWNED(fd_closep) int fd = -1;` is released on every path out; `return STEAL_FD(fd)` keeps it. */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <stdlib.h>
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
