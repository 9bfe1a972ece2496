/* Room for a C value whose size is known late: on the stack where it is small, else on the heap.
 *
 *      OWNED(room_give) struct room room; room.heap = NULL;
 *      void *args = room_take(&room, func->params->size);  NULL without memory */
#ifndef BASE_ROOM_H
#define BASE_ROOM_H

#include <stdint.h>
#include <stdlib.h>

struct room {
        void *heap;
        _Alignas(16) uint8_t here[256];
};

/* Leaves the bytes as they are. */
static inline void *room_take(struct room *room, size_t size)
{
        room->heap = size > sizeof room->here ? malloc(size) : NULL;
        return size > sizeof room->here ? room->heap : room->here;
}

static inline void room_give(struct room *room)
{
        free(room->heap);
}

#endif
