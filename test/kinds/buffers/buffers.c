/* The add-in of test:buffers: one source for every kind. */
#include "buffers.h"
#include <stdlib.h>
#include <string.h>

static struct ward_buffer *kept;

static uint64_t sum_of(struct ward_buffer *buffer)
{
        uint8_t part[4096];
        uint64_t sum = 0, size = ward_buffer_size(buffer);
        for (uint64_t at = 0; at < size; at += sizeof part) {
                size_t n = size - at < sizeof part ? (size_t)(size - at) : sizeof part;
                if (ward_buffer_read(buffer, at, part, n))
                        abort();
                for (size_t i = 0; i < n; i++)
                        sum += part[i];
        }
        return sum;
}

/* In place, where there is a place. */
static bool fill(struct ward_buffer *buffer, uint8_t byte)
{
        uint64_t size = ward_buffer_size(buffer);
        void *data;
        if (!ward_buffer_map(buffer, WARD_BUFFER_WRITE, &data)) {
                memset(data, byte, (size_t)size);
                return true;
        }
        uint8_t part[4096];
        memset(part, byte, sizeof part);
        for (uint64_t at = 0; at < size; at += sizeof part)
                if (ward_buffer_write(buffer, at, part, size - at < sizeof part ? (size_t)(size - at) : sizeof part))
                        return false;
        return size;
}

static struct ward_buffer *make(uint64_t size, uint8_t byte)
{
        struct ward_buffer *buffer = NULL;
        if (ward_buffer_new(size, "test", &buffer))
                return NULL;
        fill(buffer, byte);
        return buffer;
}

uint64_t exports_buffers_sum(struct ward_buffer *what)
{
        return sum_of(what);
}

bool exports_buffers_fill(struct ward_buffer *what, uint8_t byte)
{
        return fill(what, byte);
}

bool exports_buffers_seal(struct ward_buffer *what)
{
        return !ward_buffer_seal(what) && ward_buffer_is_sealed(what);
}

bool exports_buffers_make(uint64_t size, uint8_t byte, bool sealed, struct ward_buffer **ret)
{
        *ret = make(size, byte);
        if (*ret && sealed)
                ward_buffer_seal(*ret);
        return *ret;
}

struct ward_buffer *exports_buffers_pass(struct ward_buffer *what)
{
        return what;
}

void exports_buffers_hold(struct ward_buffer *what)
{
        ward_buffer_release(kept);
        kept = ward_buffer_acquire(what);
}

bool exports_buffers_held(struct ward_buffer **ret)
{
        *ret = kept;
        kept = NULL;
        return *ret;
}

void exports_buffers_paint(buffers_picture_t *what, buffers_picture_t *ret)
{
        fill(what->pixels, (uint8_t)what->title.len);
        *ret = *what;
}

void exports_buffers_turn(buffers_list_own_buffer_t *all, buffers_list_own_buffer_t *ret)
{
        for (size_t i = 0; i < all->len / 2; i++) {
                struct ward_buffer *one = all->ptr[i];
                all->ptr[i] = all->ptr[all->len - 1 - i];
                all->ptr[all->len - 1 - i] = one;
        }
        *ret = *all;
}

void exports_buffers_sums(buffers_list_borrow_buffer_t *all, buffers_list_u64_t *ret)
{
        ret->len = all->len;
        ret->ptr = all->len ? malloc(all->len * sizeof *ret->ptr) : NULL;
        for (size_t i = 0; i < all->len; i++)
                ret->ptr[i] = sum_of(all->ptr[i]);
        buffers_list_borrow_buffer_free(all);
}

bool exports_buffers_same(struct ward_buffer *a, struct ward_buffer *b)
{
        return a == b;
}

uint64_t exports_buffers_show(uint64_t size)
{
        struct ward_buffer *buffer = make(size, 1);
        uint64_t sum = buffer ? buffers_look(buffer) : 0;
        sum += buffer ? buffers_look(buffer) : 0;
        ward_buffer_release(buffer);
        return sum;
}

uint64_t exports_buffers_fetch(void)
{
        struct ward_buffer *buffer = buffers_offer();
        uint64_t sum = sum_of(buffer);
        ward_buffer_release(buffer);
        return sum;
}

void exports_buffers_give(uint64_t size, uint8_t byte)
{
        buffers_keep(make(size, byte));
}

static uint64_t drain(struct ward_stream *stream)
{
        uint64_t sum = 0;
        char part[100];
        size_t n = 0;
        while (!ward_stream_read(stream, part, sizeof part, &n) && n)
                sum += n;
        ward_stream_release(stream);
        return sum;
}

uint64_t exports_buffers_drain(struct ward_stream *from)
{
        return drain(from);
}

bool exports_buffers_say(struct ward_stream *to, buffers_string_t *line)
{
        size_t n = 0;
        bool said = !ward_stream_write(to, line->ptr, line->len, &n) && n == line->len;
        buffers_string_free(line);
        return said;
}

uint64_t exports_buffers_open_and_drain(void)
{
        struct ward_stream *stream;
        return buffers_open(&stream) ? drain(stream) : 0;
}

struct ward_stream *exports_buffers_echo_stream(struct ward_stream *what)
{
        return what;
}
