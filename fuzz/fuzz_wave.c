/* WAVE: a byte that chooses a type, and the text of a value. What was read is written, and what was written reads as the same. */
#include <stdlib.h>
#include <string.h>

#include "dynamic/dynamic.h"
#include "dynamic/wave.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char wit[] =
        "package t:p;\n"
        "world w {\n"
        "  record point { x: s32, y: option<s32>, tags: list<string> }\n"
        "  record loose { a: option<u8>, some: option<f32> }\n"
        "  variant shape { dot, circle(f64), named(string), err(point), %bool(bool), none }\n"
        "  enum keyword { true, some, ok, nan, other }\n"
        "  flags rights { read, write, exec, none }\n"
        "  export a: func(x: string); export b: func(x: list<u8>); export c: func(x: list<list<string>>);\n"
        "  export d: func(x: point); export e: func(x: list<shape>); export f: func(x: tuple<char, keyword, rights, bool>);\n"
        "  export g: func(x: option<option<s8>>, y: option<loose>); export h: func(x: result<shape, string>);\n"
        "  export i: func(x: list<tuple<s64, u64, f32, f64>>); export j: func(x: list<s16, 3>);\n"
        "  export k: func(x: map<string, list<loose>>); export l: func(x: result, y: result<_, u16>, z: result<u32>);\n"
        "}\n";

static const struct dynamic *describe(void)
{
        static struct dynamic *dynamic;
        struct contract_error error;
        if (dynamic)
                return dynamic;
        struct contract *contract = contract_read_text("fuzz.wit", wit, sizeof wit - 1, NULL, &error);
        if (!contract || dynamic_new(contract, contract->worlds[0], NULL, &dynamic, NULL))
                abort();
        return dynamic;
}

/* The text of what was read from @text; NULL after an error, which has to lie in the text. */
static char *convert(const struct dynamic_func *func, const char *text, size_t len)
{
        struct wave wave;
        char *written = NULL;
        size_t written_len;
        void *args = calloc(1, func->func.params->size);
        wave_begin(&wave, text, len);
        bool good = wave_read_args(&wave, func->wit, func->func.params, 0, args) && wave_end(&wave);
        FILE *out = open_memstream(&written, &written_len);
        if (good)
                wave_write_args(out, func->wit, func->func.params, 0, args);
        else
                wave_error_print(&wave, out);
        fclose(out);
        ward_value_free(func->func.params, args);
        free(args);
        if (good)
                return written;
        if (wave.error.at > len || !wave.error.text[0])
                abort();
        free(written);
        return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct dynamic *dynamic = describe();
        if (!size)
                return 0;
        const struct dynamic_func *func = &dynamic->exports[data[0] % dynamic->contract.n_exports];
        char *text = malloc(size); /* exactly as long, so that a sanitizer sees reads past it */
        memcpy(text, data + 1, size - 1);
        char *once = convert(func, text, size - 1);
        char *twice = once ? convert(func, once, strlen(once)) : NULL;
        if (once && (!twice || strcmp(once, twice)))
                abort();
        free(once);
        free(twice);
        free(text);
        return 0;
}
