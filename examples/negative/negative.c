/* One source for every kind. Reading and writing by parts works in WebAssembly as well, where there is no other memory to map. */
#include "negative.h"

void exports_negative_negate(struct ward_buffer *picture)
{
        uint64_t size = ward_buffer_size(picture);
        uint8_t part[4096];
        for (uint64_t at = 0; at < size; at += sizeof part) {
                size_t n = size - at < sizeof part ? (size_t)(size - at) : sizeof part;
                if (ward_buffer_read(picture, at, part, n))
                        return;
                for (size_t i = 0; i < n; i++)
                        part[i] = (uint8_t)~part[i];
                ward_buffer_write(picture, at, part, n);
        }
}

bool exports_negative_crop(struct ward_buffer *picture, uint32_t width, uint32_t rows, struct ward_buffer **ret)
{
        uint8_t byte;
        if (ward_buffer_new((uint64_t)width * rows, "crop", ret))
                return false;
        for (uint64_t at = 0; at < ward_buffer_size(*ret) && !ward_buffer_read(picture, at, &byte, 1); at++)
                ward_buffer_write(*ret, at, &byte, 1);
        ward_buffer_seal(*ret); /* so that the host may read it in place */
        return true;
}
