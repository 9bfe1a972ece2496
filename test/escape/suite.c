#include "test/escape/suite.h"

#include <string.h>

static bool is_named(const struct area *area, const struct probe *probe, const char *name)
{
        return !strcmp(name, probe->name) || !strcmp(name, area->name);
}

static bool is_wanted(const struct area *area, const struct probe *probe, char *const *names)
{
        if (!*names)
                return true;
        for (; *names; names++)
                if (is_named(area, probe, *names))
                        return true;
        return false;
}

static void choose_from(struct suite *suite, const struct area *area, char *const *names)
{
        for (size_t i = 0; i < area->n && suite->n < PROBES_MAX; i++) {
                if (!is_wanted(area, &area->probes[i], names))
                        continue;
                suite->areas[suite->n] = area;
                suite->probes[suite->n++] = &area->probes[i];
        }
}

int suite_choose(struct suite *suite, char *const *names)
{
        suite->n = 0;
        for (unsigned i = 0; areas[i]; i++)
                choose_from(suite, areas[i], names);
        for (; *names; names++) {
                bool found = false;
                for (size_t i = 0; i < suite->n; i++)
                        found |= is_named(suite->areas[i], suite->probes[i], *names);
                if (!found) {
                        fprintf(stderr, "there is no probe, and no area of probes, '%s'\n", *names);
                        return -1;
                }
        }
        return 0;
}

static void run_in(struct suite *suite, struct cell *cell, enum column column)
{
        for (size_t i = 0; i < suite->n; i++) {
                struct cell_report *report = &suite->reports[column][i];
                *report = (struct cell_report){ 0 };
                if (!is_tried(suite->probes[i], column))
                        continue;
                cell_attempt(cell, suite->probes[i], &report->result);
                judge(suite->probes[i], column, column == PLAIN ? NULL : &suite->reports[PLAIN][i], report);
        }
}

void suite_run_plain(struct suite *suite)
{
        struct cell cell;
        suite->refused[PLAIN] = cell_open(&cell, &suite->scene, NULL, PLAIN, NULL);
        if (!suite->refused[PLAIN])
                run_in(suite, &cell, PLAIN);
        cell_close(&cell);
}

bool suite_run(struct suite *suite, struct ward_host *host, enum column column)
{
        struct cell cell;
        struct ward_fault fault;
        suite->refused[column] = cell_open(&cell, &suite->scene, host, column, &fault);
        if (suite->refused[column]) {
                snprintf(suite->refusal[column], sizeof suite->refusal[column], "%s", fault.text);
                memset(suite->reports[column], 0, sizeof suite->reports[column]);
                return false;
        }
        run_in(suite, &cell, column);
        cell_close(&cell);
        return true;
}

struct counts suite_count(const struct suite *suite, enum column column, const struct area *area)
{
        struct counts counts = { 0 };
        for (size_t i = 0; i < suite->n; i++) {
                const struct cell_report *report = &suite->reports[column][i];
                if ((area && suite->areas[i] != area) || report->verdict == NOT_TRIED)
                        continue;
                counts.tried++;
                counts.denied += report->result.answer != ANSWER_WORKS;
                counts.unproved += report->verdict == UNPROVED;
                counts.wrong += report->verdict == WRONG;
        }
        return counts;
}
