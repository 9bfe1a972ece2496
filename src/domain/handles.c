#include "domain/handles.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_SIZE = 16 };

void handles_finish(struct handles *handles)
{
        free(handles->table);
        *handles = (struct handles){ 0 };
}

static int grow(struct handles *handles)
{
        uint32_t size = handles->size ? 2 * handles->size : FIRST_SIZE;
        if (handles->size >= HANDLES_MAX)
                return -ENOSPC;
        struct handle *table = reallocarray(handles->table, size, sizeof *table);
        if (!table)
                return -ENOMEM;
        if (!handles->size)
                handles->used = 1;
        handles->table = table;
        handles->size = size;
        return 0;
}

int handles_add(struct handles *handles, struct handle handle, uint32_t *ret_index)
{
        uint32_t index = handles->free;
        if (!index && handles->used >= handles->size) {
                int r = grow(handles);
                if (r)
                        return r;
        }
        if (index)
                handles->free = handles->table[index].next_free;
        else
                index = handles->used++;
        handles->table[index] = handle;
        handles->n_own += handle.kind == HANDLE_OWN;
        *ret_index = index;
        return 0;
}

struct handle *handles_find(const struct handles *handles, uint32_t index)
{
        if (!index || index >= handles->used || handles->table[index].kind == HANDLE_FREE)
                return NULL;
        return &handles->table[index];
}

void handles_remove(struct handles *handles, uint32_t index)
{
        handles->n_own -= handles->table[index].kind == HANDLE_OWN;
        handles->table[index] = (struct handle){ .next_free = handles->free };
        handles->free = index;
}
