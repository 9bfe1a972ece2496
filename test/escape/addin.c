/* The add-in: an attacker, or its victim. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "escape.h"
#include "test/escape/probe.h"
#include "test/escape/sibling.h"

static struct stage stage;

void exports_escape_prepare(const escape_list_u8_t *bytes)
{
        memcpy(&stage, bytes->ptr, bytes->len < sizeof stage ? bytes->len : sizeof stage);
        probe_shared = (void *)(uintptr_t)bytes->ptr;
}

void exports_escape_attempt(const escape_string_t *name, escape_outcome_t *ret)
{
        char key[64];
        struct outcome outcome = { .error = -1 };
        snprintf(key, sizeof key, "%.*s", (int)name->len, name->ptr);
        const struct probe *probe = probe_find(key);
        if (probe)
                probe_run(probe, &stage, &outcome);
        *ret = (escape_outcome_t){ .error = (int32_t)outcome.error, .text = { malloc(sizeof outcome.text), outcome.length } };
        memcpy(ret->text.ptr, outcome.text, outcome.length);
}

void exports_escape_hold(const escape_string_t *token, escape_held_t *ret)
{
        char text[128];
        struct sibling held;
        snprintf(text, sizeof text, "%.*s", (int)token->len, token->ptr);
        sibling_hold(text, &held);
        *ret = (escape_held_t){ held.secret, held.word, held.descriptor, held.segment, held.process };
}

bool exports_escape_intact(void)
{
        return sibling_intact();
}
