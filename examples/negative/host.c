/* negative direct|wasm|process ADD-IN: gives an add-in a picture and looks at it again. */
#include <stdio.h>
#include <string.h>
#include <ward/buffer.h>
#include "negative_host.h"

enum { WIDTH = 1000, ROWS = 1000 };

static int run(struct negative *negative, struct ward_fault *fault)
{
        struct ward_buffer *picture = NULL;
        negative_option_own_buffer_t crop = { .is_some = false };
        void *pixels;
        int r = ward_buffer_new(WIDTH * ROWS, "picture", &picture);
        if (!r)
                r = ward_buffer_map(picture, WARD_BUFFER_WRITE, &pixels);
        if (!r) {
                memset(pixels, 0x0f, WIDTH * ROWS);
                r = negative_negate(negative, picture, fault);
        }
        if (!r)
                r = negative_crop(negative, picture, WIDTH, 2, &crop, fault);
        if (!r && crop.is_some)
                r = ward_buffer_map(crop.val, WARD_BUFFER_READ, &pixels); /* sealed: nobody can change it any more */
        if (!r && crop.is_some)
                printf("%02x, %llu bytes\n", *(unsigned char *)pixels, (unsigned long long)ward_buffer_size(crop.val));
        if (crop.is_some)
                ward_buffer_release(crop.val);
        ward_buffer_release(picture);
        return r;
}

int main(int argc, char **argv)
{
        struct ward_activate_options options = { .size = sizeof options };
        struct ward_fault fault = { .kind = WARD_FAULT_NONE };
        struct ward_host *host = NULL;
        struct negative *negative = NULL;
        if (argc != 3 || !ward_isolation_from_name(argv[1], &options.isolation))
                return 2;
        int r = ward_host_new(NULL, &host, &fault);
        if (!r)
                r = negative_activate(host, argv[2], &options, NULL, &negative, &fault);
        if (!r)
                r = run(negative, &fault);
        if (r)
                fprintf(stderr, "negative: %s\n", fault.kind ? fault.text : strerror(-r));
        negative_release(negative);
        ward_host_free(host);
        return r != 0;
}
