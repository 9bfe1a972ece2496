/* What native add-ins call. */
#include "memory/buffer.h"

#include <ward/addin_buffer.h>

void memory_release(uint8_t shared, void *object)
{
        if (shared == WARD_SHARED_BUFFER)
                ward_buffer_release((struct ward_buffer *)object);
        if (shared == WARD_SHARED_STREAM)
                ward_stream_release((struct ward_stream *)object);
}

const struct ward_memory memory_functions = {
        .size = sizeof memory_functions,
        .buffer_new = ward_buffer_new,
        .buffer_from_fd = ward_buffer_from_fd,
        .buffer_acquire = ward_buffer_acquire,
        .buffer_release = ward_buffer_release,
        .buffer_size = ward_buffer_size,
        .buffer_map = ward_buffer_map,
        .buffer_read = ward_buffer_read,
        .buffer_write = ward_buffer_write,
        .buffer_seal = ward_buffer_seal,
        .buffer_is_sealed = ward_buffer_is_sealed,
        .buffer_protect = ward_buffer_protect,
        .buffer_fd = ward_buffer_fd,
        .stream_new = ward_stream_new,
        .stream_read = ward_stream_read,
        .stream_write = ward_stream_write,
        .stream_fd = ward_stream_fd,
        .stream_take = ward_stream_take,
        .stream_release = ward_stream_release,
};
