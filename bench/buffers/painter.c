#include "painter.h"
#include <stdlib.h>

static uint64_t sum_of(const uint8_t *data, size_t size)
{
        uint64_t sum = 0;
        for (size_t i = 0; i < size; i++)
                sum += data[i];
        return sum;
}

void exports_painter_nothing(void)
{
}

void exports_painter_take(struct ward_buffer *what)
{
}

struct ward_buffer *exports_painter_pass(struct ward_buffer *what)
{
        return what;
}

bool exports_painter_place(struct ward_buffer *what)
{
        void *data;
        return !ward_buffer_map(what, WARD_BUFFER_READ, &data);
}

uint64_t exports_painter_sum(struct ward_buffer *what)
{
        size_t size = (size_t)ward_buffer_size(what);
        uint64_t sum = 0;
        void *data;
        if (!ward_buffer_map(what, WARD_BUFFER_READ, &data))
                return sum_of(data, size);
        data = malloc(size);
        if (data && !ward_buffer_read(what, 0, data, size))
                sum = sum_of(data, size);
        free(data);
        return sum;
}

uint64_t exports_painter_copy(const painter_list_u8_t *bytes)
{
        return sum_of(bytes->ptr, bytes->len);
}
