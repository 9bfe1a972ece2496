/* The add-in that peer-ward calls. */
#include "answerer.h"

#include <ward/buffer.h>

#include "harness.h"

int32_t exports_answerer_int_int(int32_t x)
{
        return x + 1;
}

uint32_t exports_answerer_bytes(answerer_list_u8_t *data)
{
        uint32_t sum = peer_sum(data->ptr, data->len);
        answerer_list_u8_free(data);
        return sum;
}

uint32_t exports_answerer_buffer_bytes(struct ward_buffer *data, uint32_t len)
{
        void *at;
        return ward_buffer_map(data, WARD_BUFFER_SHARED, &at) ? 0 : peer_sum(at, len);
}
