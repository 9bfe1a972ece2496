/* An add-in whose arguments are views: nothing of them is to be freed, or kept. It serves both encodings: a text is some units. */
#include "texts.h"
#include <stdlib.h>
#include <string.h>

typedef __typeof__(*((texts_string_t *)0)->ptr) unit;

/* Appends to a text that @ret owns. */
static void append(texts_string_t *ret, const unit *at, size_t len)
{
        if (!len)
                return;
        ret->ptr = realloc(ret->ptr, (ret->len + len) * sizeof *at);
        if (!ret->ptr)
                abort();
        memcpy(ret->ptr + ret->len, at, len * sizeof *at);
        ret->len += len;
}

static void copy(texts_string_t *ret, const texts_string_t *from)
{
        ret->ptr = NULL;
        ret->len = 0;
        append(ret, from->ptr, from->len);
}

void exports_texts_shout(const texts_string_t *s, texts_string_t *ret)
{
        const unit mark = '!';
        copy(ret, s);
        for (size_t i = 0; i < ret->len; i++)
                if (ret->ptr[i] >= 'a' && ret->ptr[i] <= 'z')
                        ret->ptr[i] -= 'a' - 'A';
        append(ret, &mark, 1);
}

uint32_t exports_texts_units(const texts_string_t *s)
{
        return (uint32_t)s->len;
}

void exports_texts_join(const texts_list_string_t *parts, const texts_string_t *maybe_between, texts_string_t *ret)
{
        ret->ptr = NULL;
        ret->len = 0;
        for (size_t i = 0; i < parts->len; i++) {
                if (i && maybe_between)
                        append(ret, maybe_between->ptr, maybe_between->len);
                append(ret, parts->ptr[i].ptr, parts->ptr[i].len);
        }
}

uint64_t exports_texts_total(const texts_list_u32_t *xs)
{
        uint64_t total = 0;
        for (size_t i = 0; i < xs->len; i++)
                total += xs->ptr[i];
        return total;
}

double exports_texts_largest(const texts_list_tuple2_u8_f64_t *xs)
{
        double largest = 0;
        for (size_t i = 0; i < xs->len; i++)
                if (xs->ptr[i].f1 * xs->ptr[i].f0 > largest)
                        largest = xs->ptr[i].f1 * xs->ptr[i].f0;
        return largest;
}

void exports_texts_copy(const texts_note_t *n, texts_note_t *ret)
{
        copy(&ret->title, &n->title);
        ret->tags.len = n->tags.len;
        ret->tags.ptr = n->tags.len ? calloc(n->tags.len, sizeof *ret->tags.ptr) : NULL;
        for (size_t i = 0; i < n->tags.len; i++)
                copy(&ret->tags.ptr[i], &n->tags.ptr[i]);
        ret->at = n->at;
}

/* What the host answers is the add-in's, whatever arguments are. */
bool exports_texts_tell(const texts_note_t *n, texts_string_t *ret, texts_string_t *err)
{
        if (!n->tags.len) {
                copy(err, &n->title);
                return false;
        }
        texts_string_t line = n->tags.ptr[0];
        texts_say(&line, ret);
        return true;
}
