/* The escape suite: tries to get out of workers at each level, and looks from outside whether it did.
 *
 *      escape [--json] [--list] [--as-user] [--level NAME]… [PROBE or AREA]…
 *
 * Status 0: all is as the rows state. 77: no level below full-trust could be started, and all else is. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "test/escape/start.h"
#include "test/escape/suite.h"

struct wishes {
        bool json, list, as_user;
        bool levels[COLUMNS];
};

static const char usage[] =
        "usage: escape [--json] [--list] [--as-user] [--level NAME]... [PROBE or AREA]...\n"
        "Levels: host, full-trust, spawns (intranet with all permissions), intranet, internet. All by default.\n";

static bool choose_level(struct wishes *wishes, const char *name)
{
        for (int column = HOST; column < COLUMNS; column++)
                if (!strcmp(column_name((enum column)column), name))
                        return wishes->levels[column] = true;
        return false;
}

static int read_arguments(int argc, char **argv, struct wishes *wishes)
{
        static const struct option options[] = {
                { "json", no_argument, NULL, 'j' },
                { "list", no_argument, NULL, 'l' },
                { "as-user", no_argument, NULL, 'u' },
                { "level", required_argument, NULL, 'L' },
                { NULL, 0, NULL, 0 },
        };
        bool any = false;
        for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                wishes->json |= option == 'j';
                wishes->list |= option == 'l';
                wishes->as_user |= option == 'u';
                any |= option == 'L';
                if (option == '?' || (option == 'L' && !choose_level(wishes, optarg)))
                        return -1;
        }
        for (int column = HOST; column < COLUMNS; column++)
                wishes->levels[column] |= !any;
        return 0;
}

static double now(void)
{
        struct timespec time;
        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int run_levels(struct suite *suite, const struct wishes *wishes)
{
        struct ward_host *host = NULL;
        struct ward_fault fault;
        int r = ward_host_new(NULL, &host, &fault);
        if (r) {
                fprintf(stderr, "there is no host: %s\n", fault.text);
                return r;
        }
        for (int column = HOST; column < COLUMNS; column++)
                if (wishes->levels[column])
                        suite_run(suite, host, (enum column)column);
        ward_host_free(host);
        return 0;
}

/* A level that this machine cannot hold is no failure, unless all have to work. */
static int status_of(const struct suite *suite)
{
        bool refused = false;
        for (int column = 0; column < COLUMNS; column++) {
                if (suite_count(suite, (enum column)column, NULL).wrong)
                        return 1;
                refused |= suite->refused[column];
        }
        if (!refused)
                return 0;
        return getenv("WARD_MUST_WORK") ? 1 : SKIPPED;
}

int main(int argc, char **argv)
{
        static struct suite suite;
        struct wishes wishes = { 0 };
        if (read_arguments(argc, argv, &wishes)) {
                fputs(usage, stderr);
                return 2;
        }
        if (wishes.as_user && start_as_user())
                return SKIPPED;
        const char *token = start_token(argv);
        if (!token)
                return 1;
        if (suite_choose(&suite, argv + optind))
                return 2;
        if (wishes.list) {
                report_rows(&suite, stdout);
                return 0;
        }
        double start = now();
        int r = scene_set(&suite.scene, token);
        if (!r) {
                suite_run_plain(&suite);
                r = run_levels(&suite, &wishes);
                scene_strike(&suite.scene);
        }
        suite.seconds = now() - start;
        if (r)
                return 1;
        (wishes.json ? report_json : report_print)(&suite, stdout);
        return status_of(&suite);
}
