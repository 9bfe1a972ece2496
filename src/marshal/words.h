/* Words: integers and floats of 4 or 8 bytes. They are the same bits in all forms, whatever they are: there is nothing to convert,
 * to check, to allocate or to free, and no fault to report. Most parameters are such, and many functions pass nothing else. */
#ifndef MARSHAL_WORDS_H
#define MARSHAL_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ward/value.h>

static inline bool is_word(const struct ward_type *type)
{
        return (type->flags & WARD_TYPE_PLAIN) && (type->kind == WARD_TYPE_INT || type->kind == WARD_TYPE_FLOAT) &&
               type->abi_size >= sizeof(uint32_t);
}

static inline uint64_t word_read(const struct ward_type *type, const void *at)
{
        uint64_t eight;
        uint32_t four;
        if (type->abi_size == sizeof eight)
                return memcpy(&eight, at, sizeof eight), eight;
        return memcpy(&four, at, sizeof four), four;
}

static inline void word_write(const struct ward_type *type, void *at, uint64_t bits)
{
        uint32_t four = (uint32_t)bits;
        if (type->abi_size == sizeof bits)
                memcpy(at, &bits, sizeof bits);
        else
                memcpy(at, &four, sizeof four);
}

/* The first of @params, up to one that is no word, into a slot each. How many; of what follows, and of parameters that travel in
 * memory, marshal.h knows. */
static inline uint32_t words_lower(const struct ward_type *params, const void *args, uint64_t *slots)
{
        uint32_t i = 0;
        for (; i < params->n && i < WARD_FLAT_MAX && is_word(params->fields[i].type); i++)
                slots[i] = word_read(params->fields[i].type, (const char *)args + params->fields[i].at);
        return i;
}

/* The same out of @slots, each of which is loaded once: they may be shared. */
static inline uint32_t words_lift(const struct ward_type *params, const uint64_t *slots, void *args)
{
        const volatile uint64_t *from = slots;
        uint32_t i = 0;
        for (; i < params->n && i < WARD_FLAT_MAX && is_word(params->fields[i].type); i++)
                word_write(params->fields[i].type, (char *)args + params->fields[i].at, from[i]);
        return i;
}

/* Whether a function gives nothing or a word. */
static inline bool gives_word(const struct ward_func *func)
{
        return !func->result || is_word(func->result);
}

#endif
