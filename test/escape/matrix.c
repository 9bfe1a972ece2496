/* The suite again with each layer switched off in turn, at the levels below full-trust.
 *
 *      escape_matrix [--short] [--json] [--as-user]
 *
 * First by ward_host_options.without_layers, as on a machine that has no such layer: either the level is refused, with a text; or
 * all is as the rows state all the same. Then with workers that only say that the layer held ($WARD_ESCAPE_WORKERS/without-LAYER,
 * see without.c): what is still denied is denied by other layers. Nothing must show outside even then, but for what the kernel has
 * one layer only against.
 *
 * --short: internet only, and not all layers. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ward/posture.h>
#include "test/escape/start.h"
#include "test/escape/suite.h"

enum { TEXT = 4096 };

/* Where one layer is off. */
struct trial {
        unsigned layer;
        enum column column;
        bool pretended;
        bool refused;
        struct counts counts;
        unsigned through; /* probes that were let through, and are to be denied; of these, */
        unsigned seen;    /* what shows outside, */
        unsigned missed;  /* more than may be: whatever shows, and where the layer was left out by the host all of it */
        char names[TEXT]; /* of them; with an exclamation mark what shows */
        char text[WARD_FAULT_TEXT_MAX]; /* why it was refused */
};

struct matrix {
        struct suite suite;
        struct trial trials[128];
        size_t n;
        bool failed;
};

static const unsigned short_layers = WARD_LAYER_FILTER | WARD_LAYER_LANDLOCK | WARD_LAYER_OWN_ROOT | WARD_LAYER_NETWORK_NAMESPACE;

/* Hogs, ends and lies are about the host's own code; what a row wants to be let through is let through. */
static void choose(struct suite *suite)
{
        size_t n = 0;
        char *none[] = { NULL };
        suite_choose(suite, none);
        for (size_t i = 0; i < suite->n; i++) {
                if (suite->probes[i]->flags & HELD_ONLY)
                        continue;
                suite->areas[n] = suite->areas[i];
                suite->probes[n++] = suite->probes[i];
        }
        suite->n = n;
}

static void note_name(struct trial *trial, const struct probe *probe, bool seen)
{
        const char *name = probe->name;
        size_t used = strlen(trial->names);
        snprintf(trial->names + used, sizeof trial->names - used, "%s%s%s", used ? " " : "", name, seen ? "!" : "");
        trial->through++;
        trial->seen += seen;
        trial->missed += !(probe->flags & ONE_LAYER) && (seen || !trial->pretended);
}

static void note(struct matrix *matrix, struct trial *trial)
{
        for (size_t i = 0; i < matrix->suite.n; i++) {
                const struct cell_report *report = &matrix->suite.reports[trial->column][i];
                if (report->verdict == WRONG && report->result.answer == ANSWER_WORKS)
                        note_name(trial, matrix->suite.probes[i], report->result.effects);
                else if (report->verdict == WRONG && report->result.effects)
                        note_name(trial, matrix->suite.probes[i], true);
        }
        trial->counts = suite_count(&matrix->suite, trial->column, NULL);
}

static void try(struct matrix *matrix, const struct ward_host_options *options, unsigned layer, enum column column, bool pretended)
{
        struct trial *trial = &matrix->trials[matrix->n++];
        struct ward_host *host = NULL;
        struct ward_fault fault;
        *trial = (struct trial){ .layer = layer, .column = column, .pretended = pretended };
        if (ward_host_new(options, &host, &fault)) {
                matrix->failed = true;
                fprintf(stderr, "there is no host: %s\n", fault.text);
                return;
        }
        trial->refused = !suite_run(&matrix->suite, host, column);
        if (trial->refused)
                memcpy(trial->text, matrix->suite.refusal[column], sizeof trial->text);
        if (!trial->refused)
                note(matrix, trial);
        ward_host_free(host);
        matrix->failed |= trial->missed || (trial->refused && !*trial->text);
}

static void try_layer(struct matrix *matrix, unsigned layer, enum column column)
{
        const struct ward_host_options honest = { .size = sizeof honest, .without_layers = layer };
        char path[512];
        const char *folder = getenv("WARD_ESCAPE_WORKERS");
        try(matrix, &honest, layer, column, false);
        snprintf(path, sizeof path, "%s/without-%s", folder ? folder : ".", ward_layer_name(layer));
        const struct ward_host_options pretending = { .size = sizeof pretending, .worker_path = path };
        if (!access(path, X_OK))
                try(matrix, &pretending, layer, column, true);
}

/* --- Report ----------------------------------------------------------------------------------- */

static void print_trial(const struct trial *trial)
{
        printf("%-9s without %-18s %-9s ", column_name(trial->column), ward_layer_name(trial->layer),
               trial->pretended ? "by a lie" : "");
        if (trial->refused)
                printf("refused: %s\n", trial->text);
        else if (trial->through)
                printf("%u of %u denied; through, %u of them seen outside: %s\n", trial->counts.denied, trial->counts.tried,
                       trial->seen, trial->names);
        else
                printf("%u of %u denied, all that are to be\n", trial->counts.denied, trial->counts.tried);
}

static void print_json(const struct matrix *matrix)
{
        printf("{\n  \"trials\": [\n");
        for (size_t i = 0; i < matrix->n; i++) {
                const struct trial *trial = &matrix->trials[i];
                printf("    {\"level\": \"%s\", \"layer\": \"%s\", \"pretended\": %s, \"refused\": %s, \"tried\": %u, \"denied\": "
                       "%u, "
                       "\"through\": %u, \"seen\": %u, \"names\": \"%s\"}%s\n",
                       column_name(trial->column), ward_layer_name(trial->layer), trial->pretended ? "true" : "false",
                       trial->refused ? "true" : "false", trial->counts.tried, trial->counts.denied, trial->through, trial->seen,
                       trial->names, i + 1 < matrix->n ? "," : "");
        }
        printf("  ]\n}\n");
}

static bool has(int argc, char **argv, const char *wanted)
{
        for (int i = 1; i < argc; i++)
                if (!strcmp(argv[i], wanted))
                        return true;
        return false;
}

/* As the machine is: where it cannot even hold the level with all that it has, there is nothing to switch off. */
static bool can_hold(struct matrix *matrix, enum column column)
{
        struct ward_host *host = NULL;
        struct ward_fault fault;
        if (ward_host_new(NULL, &host, &fault))
                return false;
        bool holds = suite_run(&matrix->suite, host, column);
        ward_host_free(host);
        if (!holds)
                fprintf(stderr, "%s is not held by this machine: %s\n", column_name(column), matrix->suite.refusal[column]);
        return holds;
}

static bool run(struct matrix *matrix, bool is_short)
{
        bool any = false;
        for (int column = is_short ? INTERNET : INTRANET; column <= INTERNET; column++) {
                if (!can_hold(matrix, (enum column)column))
                        continue;
                any = true;
                for (unsigned layer = 1; ward_layer_name(layer); layer <<= 1)
                        if (!is_short || layer & short_layers)
                                try_layer(matrix, layer, (enum column)column);
        }
        return any;
}

int main(int argc, char **argv)
{
        static struct matrix matrix;
        const char *token;
        if (has(argc, argv, "--as-user") && start_as_user())
                return SKIPPED;
        token = start_token(argv);
        choose(&matrix.suite);
        if (!token || scene_set(&matrix.suite.scene, token))
                return 1;
        suite_run_plain(&matrix.suite);
        bool any = run(&matrix, has(argc, argv, "--short"));
        scene_strike(&matrix.suite.scene);
        if (has(argc, argv, "--json"))
                print_json(&matrix);
        else
                for (size_t i = 0; i < matrix.n; i++)
                        print_trial(&matrix.trials[i]);
        if (!any)
                return getenv("WARD_MUST_WORK") ? 1 : SKIPPED;
        return matrix.failed;
}
