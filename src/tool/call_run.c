#include "tool/call.h"

#include <stdlib.h>
#include <string.h>
#include "base/own.h"

enum { DEPTH_MAX = 100 };

/* What a call gave: a value of the result type, or nothing. */
struct value {
        const struct dynamic_func *func;
        void *at;
};

static void value_finish(struct value *value)
{
        if (value->at)
                ward_value_free(value->func->func.result, value->at);
        free(value->at);
        value->at = NULL;
}

/* NULL without memory. */
static char *text_of(const struct value *value)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return NULL;
        wave_write(out, value->func->wit->result, value->func->func.result, value->at);
        if (!fclose(out))
                return text;
        free(text);
        return NULL;
}

/* --- Objects ---------------------------------------------------------------------------------- */

/* Where in the result the object is: it itself, or what is ok; NULL for none of the add-in's. */
static const struct ward_type *object_of(const struct dynamic_func *func, const struct wit_type **ret_wit, uint32_t *ret_at)
{
        const struct ward_type *type = func->func.result;
        const struct wit_type *wit = func->wit->result ? wit_resolve(func->wit->result) : NULL;
        *ret_at = 0;
        if (wit && wit->kind == WIT_RESULT && wit->element) {
                wit = wit_resolve(wit->element);
                *ret_at = type->fields[0].at;
                type = type->fields[0].type;
        }
        *ret_wit = wit;
        return wit && wit->kind == WIT_OWN && type->resource->by_addin ? type : NULL;
}

/* Copies the object that @value is; nothing where calls are not carried out. */
static void take_object(const struct value *value, void *to)
{
        const struct wit_type *wit;
        uint32_t at;
        if (value->at && object_of(value->func, &wit, &at))
                memcpy(to, (const char *)value->at + at, sizeof(uint64_t));
}

/* --- Calls ------------------------------------------------------------------------------------ */

static bool is_err(const struct value *value)
{
        return value->at && wit_resolve(value->func->wit->result)->kind == WIT_RESULT &&
               ward_value_tag(value->func->func.result, value->at);
}

/* The result is what the whole expression ends with, unless there is more of it. */
static bool keep_result(struct session *session, const struct value *value)
{
        free(session->value);
        session->last = value->func;
        session->value = value->at ? text_of(value) : NULL;
        session->is_err = is_err(value);
        return !value->at || session->value || wave_fail(&session->wave, session->wave.at, "out of memory");
}

static bool carry_out(struct session *session, uint32_t index, const void *args, struct value *value)
{
        const struct ward_type *type = value->func->func.result;
        if (type)
                value->at = calloc(1, type->size + 1);
        if (type && !value->at)
                return wave_fail(&session->wave, session->wave.at, "out of memory");
        if (!ward_call(session->instance, index, args, value->at, &session->fault))
                return keep_result(session, value);
        free(value->at); /* untouched */
        value->at = NULL;
        return wave_fail(&session->wave, session->wave.at, "the call did not end well");
}

/* Reads the arguments from parameter @first on, those before are in @args, and calls. */
static bool call(struct session *session, uint32_t index, size_t first, void *args, struct value *value)
{
        const struct dynamic_func *func = &session->dynamic->exports[index];
        value->func = func;
        return wave_read_args(&session->wave, func->wit, func->func.params, first, args) &&
               (session->dry || carry_out(session, index, args, value));
}

/* @object: what the first parameter is, a handle; NULL for none. */
static bool call_with(struct session *session, uint32_t index, const struct value *object, struct value *value)
{
        const struct ward_type *params = session->dynamic->exports[index].func.params;
        void *args = calloc(1, params->size + 1);
        if (!args)
                return wave_fail(&session->wave, session->wave.at, "out of memory");
        if (object)
                take_object(object, (char *)args + params->fields[0].at);
        bool good = call(session, index, object ? 1 : 0, args, value);
        ward_value_free(params, args);
        free(args);
        return good;
}

static bool call_function(struct session *session, struct value *value)
{
        struct ward_fault fault;
        uint32_t index;
        struct ward_span name = wave_word(&session->wave, "(");
        if (dynamic_find(session->dynamic, name, &index, &fault))
                return wave_fail(&session->wave, (const char *)name.at, "%s", fault.text);
        return call_with(session, index, NULL, value);
}

/* ".METHOD(ARGUMENTS)" on the object in @value, which the result takes the place of. */
static bool call_method(struct session *session, struct value *value)
{
        const struct wit_type *wit;
        struct ward_fault fault;
        uint32_t at, index;
        struct ward_span name = wave_word(&session->wave, "(");
        if (!object_of(value->func, &wit, &at))
                return wave_fail(&session->wave, (const char *)name.at, "%s gives no object that has methods",
                                 value->func->wit->item_name);
        if (dynamic_find_method(session->dynamic, wit->element, name, &index, &fault))
                return wave_fail(&session->wave, (const char *)name.at, "%s", fault.text);
        struct value object = *value;
        value->at = NULL;
        bool good = call_with(session, index, &object, value);
        value_finish(&object);
        return good;
}

/* An err(…) where an object should have been: it is what the whole gives, and nothing more is called. */
static bool end_early(struct session *session)
{
        session->ended = !session->wave.failed;
        return wave_fail(&session->wave, session->wave.at, "an error ended this");
}

/* CALL */
static bool evaluate(struct session *session, struct value *value)
{
        struct wave *wave = &session->wave;
        if (++session->depth > DEPTH_MAX)
                return wave_fail(wave, wave->at, "calls are nested too deep");
        bool good = call_function(session, value);
        while (good && wave_take(wave, '.'))
                good = is_err(value) ? end_early(session) : call_method(session, value);
        session->depth--;
        return good;
}

/* --- Handles among arguments ------------------------------------------------------------------ */

/* RESOURCE(NUMBER), an object of the host's. */
static bool read_number(struct wave *wave, const struct wit_type *resource, void *to)
{
        static const struct wit_type u64 = { .kind = WIT_U64 };
        static const struct ward_type number = { .kind = WARD_TYPE_INT, .size = sizeof(uint64_t) };
        uint64_t value = 0;
        struct ward_span name = wave_word(wave, "(");
        if (!span_is(name, resource->name))
                return wave_fail(wave, (const char *)name.at, "expected an object of the host's, such as %s(1)", resource->name);
        if (!wave_expect(wave, '(') || !wave_read(wave, &u64, &number, &value) || !wave_expect(wave, ')'))
                return false;
        if (!value)
                return wave_fail(wave, (const char *)name.at, "objects are numbered from 1");
        void *object = (void *)(uintptr_t)value;
        memcpy(to, &object, sizeof object);
        return true;
}

/* A CALL that gives an object of the add-in's. */
static bool read_handle(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to)
{
        struct session *session = wave->context;
        struct value value = { NULL, NULL };
        const struct wit_type *given;
        uint32_t at;
        wave_peek(wave);
        const char *begin = wave->at;
        if (type->resource->shared)
                return wave_fail(wave, begin, "a %s has no text: what takes one cannot be called so",
                                 wit_resolve(wit->element)->name);
        if (!type->resource->by_addin)
                return read_number(wave, wit_resolve(wit->element), to);
        bool good = evaluate(session, &value);
        const struct ward_type *object = good ? object_of(value.func, &given, &at) : NULL;
        if (good && (!object || object->resource != type->resource))
                good = wave_fail(wave, begin, "this gives no %s", wit_resolve(wit->element)->name);
        if (good && is_err(&value))
                good = end_early(session);
        if (good)
                take_object(&value, to);
        value_finish(&value);
        return good;
}

/* --- The expression --------------------------------------------------------------------------- */

static bool run(struct session *session, const char *expression, bool dry)
{
        struct value value = { NULL, NULL };
        session->dry = dry;
        session->ended = false;
        wave_begin(&session->wave, expression, strlen(expression));
        session->wave.handle = read_handle;
        session->wave.context = session;
        bool good = evaluate(session, &value) && wave_end(&session->wave);
        value_finish(&value);
        return good || session->ended;
}

bool session_check(struct session *session, const char *expression)
{
        return run(session, expression, true);
}

bool session_run(struct session *session, const char *expression)
{
        return run(session, expression, false);
}

void session_finish(struct session *session)
{
        for (size_t i = 0; i < session->n_calls; i++) {
                free(session->calls[i].call);
                free(session->calls[i].answer);
        }
        free(session->calls);
        free(session->value);
        session->calls = NULL;
        session->value = NULL;
}

/* --- What the add-in calls -------------------------------------------------------------------- */

static char *call_text(const struct dynamic_func *func, const void *args)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return NULL;
        fputs(func->func.name, out);
        wave_write_args(out, func->wit, func->func.params, 0, args);
        if (!fclose(out))
                return text;
        free(text);
        return NULL;
}

/* A call that there is no memory for goes unrecorded; it is answered all the same. */
static void keep_call(struct session *session, struct call_record record)
{
        struct call_record *grown = reallocarray(session->calls, session->n_calls + 1, sizeof *grown);
        if (grown) {
                session->calls = grown;
                grown[session->n_calls++] = record;
                return;
        }
        free(record.call);
        free(record.answer);
}

void session_serve(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        struct session *session = (struct session *)services;
        const struct dynamic_func *func = dynamic_import(session->dynamic, import);
        struct call_record record = { call_text(func, args), NULL };
        if (func->func.result) {
                memset(ret, 0, func->func.result->size);
                dynamic_default(func->func.result, &session->objects, ret);
                record.answer = text_of(&(struct value){ func, ret });
        }
        if (session->told)
                fprintf(session->told, "host: %s%s%s\n", record.call ? record.call : func->func.name, record.answer ? " -> " : "",
                        record.answer ? record.answer : "");
        if (!session->told) {
                keep_call(session, record);
                return;
        }
        free(record.call);
        free(record.answer);
}
