/* The add-in of the tests of begun calls. */
#include <stdlib.h>
#include <string.h>
#include "begun.h"

int32_t exports_begun_add(int32_t a, int32_t b)
{
        return (int32_t)((uint32_t)a + (uint32_t)b);
}

uint32_t exports_begun_count(void)
{
        static uint32_t calls;
        return calls++;
}

void exports_begun_join(begun_list_string_t *words, begun_string_t *between, begun_string_t *ret)
{
        size_t len = 0;
        for (size_t i = 0; i < words->len; i++)
                len += words->ptr[i].len + between->len;
        ret->ptr = malloc(len + 1);
        ret->len = 0;
        for (size_t i = 0; i < words->len; i++) {
                if (i && between->len) {
                        memcpy(ret->ptr + ret->len, between->ptr, between->len);
                        ret->len += between->len;
                }
                if (words->ptr[i].len)
                        memcpy(ret->ptr + ret->len, words->ptr[i].ptr, words->ptr[i].len);
                ret->len += words->ptr[i].len;
        }
        begun_list_string_free(words);
        begun_string_free(between);
}

bool exports_begun_quotient(int32_t a, int32_t b, int32_t *ret, begun_string_t *err)
{
        if (!b) {
                begun_string_dup(err, "there is no such number");
                return false;
        }
        *ret = a / b;
        return true;
}

int32_t exports_begun_asks(int32_t n)
{
        return begun_ask(n);
}

void exports_begun_renames(begun_string_t *text, begun_string_t *ret)
{
        begun_rename(text, ret);
        begun_string_free(text);
}

uint32_t exports_begun_holds(uint32_t n)
{
        things_own_thing_t thing = things_fetch(n);
        uint32_t number = things_method_thing_number(things_borrow_thing(thing));
        things_thing_drop_own(thing);
        return number;
}

void exports_begun_patient(begun_string_t *ret)
{
        volatile uint32_t looks = 0;
        begun_ask(1);
        while (!ward_cancelled())
                looks++;
        begun_string_dup(ret, "cancelled");
}

void exports_begun_endless(void)
{
        volatile uint32_t rounds = 0;
        begun_ask(2);
        for (;;)
                rounds++;
}

void exports_begun_crash(void)
{
        __builtin_trap();
}

struct exports_test_begun_counters_counter_t {
        uint32_t next;
};

exports_test_begun_counters_own_counter_t exports_test_begun_counters_make(uint32_t n)
{
        exports_test_begun_counters_counter_t *counter = malloc(sizeof *counter);
        counter->next = n;
        return exports_test_begun_counters_counter_new(counter);
}

exports_test_begun_counters_own_counter_t exports_test_begun_counters_constructor_counter(uint32_t n)
{
        return exports_test_begun_counters_make(n);
}

uint32_t exports_test_begun_counters_method_counter_next(exports_test_begun_counters_borrow_counter_t self)
{
        return self->next++;
}

void exports_test_begun_counters_counter_destructor(exports_test_begun_counters_counter_t *rep)
{
        free(rep);
}
