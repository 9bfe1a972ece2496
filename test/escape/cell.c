#include "test/escape/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ward/posture.h>
#include <ward/usage.h>

enum { DEADLINE_MS = 4000, SHORT_MS = 300, MB = 1 << 20 };

/* --- Domains ---------------------------------------------------------------------------------- */

struct grants {
        char texts[4][160];
        const char *list[12];
};

/* What intranet is granted; and what programs need, where it may start them. */
static const char *const *grants_of(const struct cell *cell, struct grants *grants)
{
        static const char *const programs[] = { "spawn", "execute /usr", "execute /lib", "execute /lib64", "execute /bin" };
        const struct stage *stage = &cell->scene->stage;
        int n = 0;
        if (column_level(cell->column) != WARD_LEVEL_INTRANET)
                return NULL;
        snprintf(grants->texts[0], sizeof grants->texts[0], "read %s", stage->readable);
        snprintf(grants->texts[1], sizeof grants->texts[1], "write %s", stage->writable);
        snprintf(grants->texts[2], sizeof grants->texts[2], "connect 127.0.0.1:%u", stage->port_granted);
        snprintf(grants->texts[3], sizeof grants->texts[3], "execute %s", stage->programs);
        for (; n < 3; n++)
                grants->list[n] = grants->texts[n];
        if (cell->column == SPAWNS) {
                grants->list[n++] = grants->texts[3];
                for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
                        grants->list[n++] = programs[i];
        }
        grants->list[n] = NULL;
        return grants->list;
}

static int activate(const struct cell *cell, const char *name, struct escape **ret, struct ward_fault *fault)
{
        const struct ward_quota quota = {
                .size = sizeof quota,
                .memory_bytes = 2ull * LIMIT_MB * MB,
                .processes = LIMIT_PROCESSES,
                .open_files = LIMIT_FILES,
                .file_bytes = 1ull * LIMIT_MB * MB,
        };
        struct grants grants;
        const struct ward_activate_options options = {
                .size = sizeof options,
                .isolation = WARD_PROCESS,
                .level = column_level(cell->column),
                .name = name,
                .deadline_ms = DEADLINE_MS,
                .limits = { .size = sizeof options.limits, .memory_bytes = 1ull * LIMIT_MB * MB, .arena_bytes = 16 * MB },
                .quota = &quota,
                .permissions = grants_of(cell, &grants),
        };
        return escape_activate(cell->host, getenv("WARD_ESCAPE_ADDIN"), &options, NULL, ret, fault);
}

static bool contains(const int32_t *list, size_t n, int32_t wanted)
{
        for (size_t i = 0; i < n; i++)
                if (list[i] == wanted)
                        return true;
        return false;
}

/* Whom the warden has now and had not before. */
static int32_t newcomer(int32_t warden, const int32_t *before, size_t n_before)
{
        int32_t now[CHILDREN_MAX];
        size_t n = list_children(warden, now);
        for (size_t i = 0; i < n; i++)
                if (!contains(before, n_before, now[i]))
                        return now[i];
        return 0;
}

static int sibling_start(struct cell *cell, struct ward_fault *fault)
{
        struct stage *stage = &cell->scene->stage;
        int32_t before[CHILDREN_MAX];
        escape_string_t token;
        escape_held_t held;
        stage->warden = find_warden();
        size_t n = list_children(stage->warden, before);
        int r = activate(cell, "sibling", &cell->sibling, fault);
        if (r)
                return r;
        stage->sibling = newcomer(stage->warden, before, n);
        escape_string_set(&token, cell->scene->token);
        r = escape_hold(cell->sibling, &token, &held, fault);
        if (r)
                return r;
        stage->sibling_secret = held.secret;
        stage->sibling_word = held.word;
        stage->sibling_file = held.descriptor;
        stage->sibling_segment = held.segment;
        return 0;
}

int cell_open(struct cell *cell, struct scene *scene, struct ward_host *host, enum column column, struct ward_fault *fault)
{
        *cell = (struct cell){ .host = host, .column = column, .scene = scene };
        if (!host)
                return plain_sibling_start(cell) ? WARD_FAULT_SYSTEM : 0;
        struct ward_posture posture = { .size = sizeof posture };
        int r = activate(cell, "attacker", &cell->attacker, fault);
        if (!r)
                r = ward_domain_posture(escape_domain(cell->attacker), &posture, fault);
        cell->held = posture.held;
        if (!r)
                r = sibling_start(cell, fault);
        if (r)
                cell_close(cell);
        return r;
}

void cell_close(struct cell *cell)
{
        cell->attacker = escape_release(cell->attacker);
        cell->sibling = escape_release(cell->sibling);
        plain_sibling_end(cell);
}

/* --- Attempts --------------------------------------------------------------------------------- */

static enum answer answer_of_fault(const struct ward_fault *fault)
{
        switch (fault->kind) {
        case WARD_FAULT_SIGNAL:
                return ANSWER_SIGNAL;
        case WARD_FAULT_EXIT:
                return ANSWER_EXIT;
        case WARD_FAULT_LIMIT:
                return ANSWER_LIMIT;
        case WARD_FAULT_DEADLINE:
                return ANSWER_DEADLINE;
        case WARD_FAULT_PROTOCOL:
                return ANSWER_PROTOCOL;
        default:
                return ANSWER_FAULT;
        }
}

static void take_outcome(const escape_outcome_t *outcome, struct result *ret)
{
        size_t length = outcome->text.len < sizeof ret->outcome.text ? outcome->text.len : sizeof ret->outcome.text;
        ret->outcome.error = outcome->error;
        ret->outcome.length = (uint32_t)length;
        if (length)
                memcpy(ret->outcome.text, outcome->text.ptr, length);
        ret->answer = answer_of_error(outcome->error);
}

static void call(struct cell *cell, const struct probe *probe, struct result *ret)
{
        struct ward_fault fault = { 0 };
        escape_list_u8_t stage = { (uint8_t *)&cell->scene->stage, sizeof cell->scene->stage };
        escape_outcome_t outcome;
        escape_string_t name;
        escape_string_set(&name, probe->name);
        escape_set_deadline(cell->attacker, probe->flags & SHORT ? SHORT_MS : DEADLINE_MS);
        int r = escape_prepare(cell->attacker, &stage, &fault);
        if (!r)
                r = escape_attempt(cell->attacker, &name, &outcome, &fault);
        if (!r) {
                take_outcome(&outcome, ret);
                escape_outcome_free(&outcome);
                return;
        }
        ret->answer = answer_of_fault(&fault);
        snprintf(ret->text, sizeof ret->text, "%.390s", fault.text);
}

static bool sibling_intact(const struct cell *cell)
{
        bool intact = false;
        return !escape_intact(cell->sibling, &intact, NULL) && intact;
}

static void renew_sibling(struct cell *cell)
{
        cell->sibling = escape_release(cell->sibling);
        plain_sibling_end(cell);
        if (cell->host ? sibling_start(cell, NULL) : plain_sibling_start(cell))
                fprintf(stderr, "there is no sibling any more\n");
}

/* One that was held before for nothing is left as it is. */
static void renew_attacker(struct cell *cell, struct result *ret)
{
        struct ward_fault fault;
        cell->attacker = escape_release(cell->attacker);
        if (!activate(cell, "attacker", &cell->attacker, &fault))
                return;
        ret->answer = ANSWER_FAULT;
        snprintf(ret->text, sizeof ret->text, "no domain after it: %.360s", fault.text);
}

void cell_attempt(struct cell *cell, const struct probe *probe, struct result *ret)
{
        *ret = (struct result){ .held = cell->held };
        if (!cell->host)
                plain_attempt(cell->scene, probe, ret);
        else if (cell->attacker)
                call(cell, probe, ret);
        else
                ret->answer = ANSWER_FAULT;
        ret->effects = scene_look(cell->scene) | scene_read(cell->scene, ret->outcome.text, ret->outcome.length);
        if (!(cell->host ? sibling_intact(cell) : plain_sibling_intact(cell))) {
                ret->effects |= SIBLING;
                renew_sibling(cell);
        }
        if (cell->host && (probe->flags & FRESH || ret->answer >= ANSWER_SIGNAL))
                renew_attacker(cell, ret);
}
