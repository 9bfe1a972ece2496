#include "streams.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t exports_streams_write(uint32_t number, streams_list_u8_t *bytes, uint32_t times)
{
        uint64_t written = 0;
        for (uint32_t i = 0; i < times; i++) {
                ssize_t n = write((int)number, bytes->ptr, bytes->len);
                written += n > 0 ? (uint64_t)n : 0;
        }
        streams_list_u8_free(bytes);
        return written;
}

void exports_streams_write_and_crash(streams_list_u8_t *bytes)
{
        if (write(STDOUT_FILENO, bytes->ptr, bytes->len) > 0)
                abort();
}

void exports_streams_flood(uint32_t number)
{
        static const char text[4096] = "flood\n";
        while (write((int)number, text, sizeof text) > 0)
                continue;
}

void exports_streams_read_all(streams_input_t *ret)
{
        uint8_t bytes[4096];
        *ret = (streams_input_t){ 0, 0 };
        for (ssize_t n; (n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0; ret->bytes += (uint64_t)n)
                for (ssize_t i = 0; i < n; i++)
                        ret->sum += bytes[i];
}

void exports_streams_shut(uint32_t number)
{
        close((int)number);
}

void exports_streams_look(uint32_t number, streams_file_t *ret)
{
        struct stat st = { 0 };
        fstat((int)number, &st);
        *ret = (streams_file_t){ st.st_mode & S_IFMT, st.st_dev, st.st_ino };
}

int64_t exports_streams_converse(ward_domain_memory_own_byte_stream_t connection)
{
        struct pollfd polled = { .fd = ward_stream_fd(connection), .events = POLLIN };
        char bytes[256];
        int64_t all = 0;
        size_t n;
        int r = 0;
        while (poll(&polled, 1, -1) == 1 && !(r = ward_stream_read(connection, bytes, sizeof bytes, &n)) && n) {
                for (size_t i = 0; i < n; i++)
                        bytes[i] = (char)toupper((unsigned char)bytes[i]);
                r = ward_stream_write(connection, bytes, n, &n);
                all += (int64_t)n;
        }
        ward_stream_release(connection);
        return r ? r : all;
}
