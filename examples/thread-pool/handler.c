/* An add-in that answers requests: "WORD" is reversed. Some requests it does not stand. */
#include <stdlib.h>
#include <string.h>
#include "handler.h"

static bool is(const handler_string_t *text, const char *word)
{
        return text->len == strlen(word) && !memcmp(text->ptr, word, text->len);
}

static uint32_t count_for_ever(void)
{
        volatile uint32_t n = 0;
        while (n != UINT32_MAX)
                n = (n + 1) % 1000;
        return n;
}

void exports_handler_answer(handler_string_t *request, handler_string_t *ret)
{
        if (is(request, "loop"))
                count_for_ever();
        if (is(request, "crash"))
                abort();
        ret->len = request->len;
        ret->ptr = malloc(request->len + 1);
        for (size_t i = 0; ret->ptr && i < request->len; i++)
                ret->ptr[i] = request->ptr[request->len - 1 - i];
        handler_string_free(request);
}
