/* The add-in that peer-ward calls. */
#include "answerer.h"

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
