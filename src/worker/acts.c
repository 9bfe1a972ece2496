#include "worker/acts.h"

#include <stdlib.h>
#include <string.h>
#include "base/own.h"

enum {
        WAITING_MAX = 16,
        USES_OF_A_CALL = 2,
        USED_MAX = 1 << 14, /* a power of two; half of it is filled at most */
        TELL_NS = 5000000,  /* a refused act each, */
        TELL_BURST_NS = 300000000,
};

void acts_finish(struct acts *acts)
{
        free(acts->waiting);
        free(acts->used);
        *acts = (struct acts){ 0 };
}

bool acts_have_room(const struct acts *acts)
{
        return acts->n + USES_OF_A_CALL <= WAITING_MAX;
}

static bool is_alike(const struct wire_act *a, const struct wire_act *b)
{
        return a->call == b->call && a->error == b->error && a->use == b->use;
}

/* The one that @act can be counted with, or NULL. */
static struct wire_act *find_equal(struct acts *acts, const struct wire_act *act)
{
        for (uint32_t i = 0; i < acts->n; i++)
                if (is_alike(&acts->waiting[i], act) && !strcmp(acts->waiting[i].subject, act->subject))
                        return &acts->waiting[i];
        return NULL;
}

/* Where there is no room: the last of its kind; or else the last of all, which then stands for both. */
static struct wire_act *find_alike(struct acts *acts, const struct wire_act *act)
{
        for (uint32_t i = acts->n; i-- > 0;)
                if (is_alike(&acts->waiting[i], act))
                        return &acts->waiting[i];
        return &acts->waiting[acts->n - 1];
}

static void add(struct acts *acts, const struct wire_act *act)
{
        if (!acts->waiting)
                acts->waiting = calloc(WAITING_MAX, sizeof *acts->waiting);
        if (!acts->waiting)
                return;
        struct wire_act *with = find_equal(acts, act);
        if (!with && acts->n == WAITING_MAX)
                with = find_alike(acts, act);
        if (with)
                with->count++;
        else
                acts->waiting[acts->n++] = *act;
}

void acts_refused(struct acts *acts, int call, int error, const char *subject)
{
        struct wire_act act = { .call = call, .error = error, .count = 1 };
        size_t n = strnlen(subject, sizeof act.subject - 1);
        memcpy(act.subject, subject, n);
        add(acts, &act);
}

/* FNV-1a; 0 is a hole. */
static uint64_t hash(const struct wire_act *act)
{
        uint64_t value = (0xcbf29ce484222325u ^ act->use) * 0x100000001b3u;
        for (const char *at = act->subject; *at; at++)
                value = (value ^ (uint8_t)*at) * 0x100000001b3u;
        return value ? value : 1;
}

/* Whether it is new. Once the table is full, all are. */
static bool remember(struct acts *acts, const struct wire_act *act)
{
        uint64_t value = hash(act);
        if (!acts->used)
                acts->used = calloc(USED_MAX, sizeof *acts->used);
        if (!acts->used)
                return true;
        uint64_t *at = &acts->used[value & (USED_MAX - 1)];
        while (*at && *at != value)
                at = at == &acts->used[USED_MAX - 1] ? acts->used : at + 1;
        bool is_new = !*at;
        if (is_new && acts->n_used < USED_MAX / 2) {
                *at = value;
                acts->n_used++;
        }
        return is_new;
}

void acts_used(struct acts *acts, int call, enum wire_use use, const char *subject)
{
        struct wire_act act = { .call = call, .use = use, .count = 1 };
        size_t n = strlen(subject);
        if (n >= sizeof act.subject)
                return;
        memcpy(act.subject, subject, n);
        if (remember(acts, &act))
                add(acts, &act);
}

bool acts_take(struct acts *acts, uint64_t now, struct wire_act *ret_act)
{
        if (!acts->n)
                return false;
        if (!acts->waiting->use) {
                if (!allowance_is_left(acts->told_until, now, TELL_BURST_NS))
                        return false;
                allowance_charge(&acts->told_until, now, TELL_NS);
        }
        *ret_act = acts->waiting[0];
        memmove(acts->waiting, acts->waiting + 1, --acts->n * sizeof *acts->waiting);
        return true;
}
