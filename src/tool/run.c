#include "tool/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/own.h"
#include "tool/command.h"

enum { DELAY_MS = 100, DELAY_MAX_MS = 10000 };

static bool is_there(char path[PATH_MAX], const char *folder, const char *file)
{
        return snprintf(path, PATH_MAX, "%s/%s", folder, file) < PATH_MAX && !access(path, R_OK);
}

/* The add-in that the environment names; as in the build folder; of an installation, beside ward-worker. */
static int find_runner(char path[PATH_MAX])
{
        const char *given = getenv("WARD_RUNNER");
        char program[PATH_MAX] = ".";
        if (given && *given)
                return snprintf(path, PATH_MAX, "%s", given) < PATH_MAX ? 0 : -1;
        ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
        if (len > 0) {
                program[len] = '\0';
                *strrchr(program, '/') = '\0';
        }
        return is_there(path, program, "../runner/ward-run.so") || is_there(path, program, TOOL_LIBEXEC_FROM_BIN "/ward-run.so")
                       ? 0
                       : -1;
}

static uint32_t delay_before(uint32_t attempt)
{
        uint32_t ms = DELAY_MS;
        for (uint32_t i = 2; i < attempt && ms < DELAY_MAX_MS; i++)
                ms *= 2;
        return ms < DELAY_MAX_MS ? ms : DELAY_MAX_MS;
}

static bool is_to_restart(const struct run_options *options, uint32_t attempt, const struct run_outcome *outcome)
{
        return options->restart && run_is_crash(outcome) && (!options->restarts_max || attempt <= options->restarts_max);
}

static void run_all(struct run *run, struct run_outcome *outcome)
{
        for (uint32_t attempt = 1;; attempt++) {
                run_attempt(run, attempt, outcome);
                if (!is_to_restart(run->options, attempt, outcome))
                        return;
                uint32_t ms = delay_before(attempt + 1);
                run_print_restart(&run->printer, attempt + 1, ms);
                nanosleep(&(struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000 }, NULL);
        }
}

static int start(struct run *run, struct run_outcome *outcome)
{
        const struct ward_host_options options = { .size = sizeof options,
                                                   .on_event = run_on_event,
                                                   .on_event_data = &run->printer };
        struct ward_fault fault;
        int r;
        run_print_init(&run->printer, run->options, run->target->name);
        if (find_runner(run->runner)) {
                fprintf(stderr, "ward run: the add-in ward-run.so is missing: install Ward, or name it by $WARD_RUNNER\n");
                return RUN_FAILED;
        }
        if (ward_host_new(&options, &run->host, &fault)) {
                fprintf(stderr, "ward run: %s\n", fault.text);
                return RUN_FAILED;
        }
        r = run_record_start(run);
        if (!r)
                run_all(run, outcome);
        ward_host_free(run->host);
        if (!r)
                r = run_record_finish(run, outcome->end != RUN_REFUSED);
        if (r)
                return r;
        return run->printer.broken && outcome->end == RUN_EXITED && !outcome->status ? RUN_FAILED : run_status(outcome);
}

static int check_level(const struct run *run)
{
        if (run->target->function || run->options->level != WARD_LEVEL_INTERNET)
                return 0;
        fputs("ward run: at level internet no process can be started, so no program can be run;\n"
              "choose level intranet, or a function of a library\n",
              stderr);
        return RUN_FAILED;
}

static void run_free(struct run *run)
{
        run_grants_free(&run->grants);
}

int command_run(int argc, char **argv)
{
        OWNED(run_options_free) struct run_options options;
        OWNED(run_target_free) struct run_target target = { NULL };
        struct run_outcome outcome = { .end = RUN_REFUSED };
        OWNED(run_free) struct run run = { .options = &options, .target = &target };
        int r = run_parse(argc, argv, &options);
        if (r)
                return r;
        if (options.help)
                return run_help(stdout), EXIT_DONE;
        r = run_find(&options, &target);
        if (!r)
                r = check_level(&run);
        if (!r)
                r = run_grants_make(&options, &target, &run.grants);
        if (r)
                return r;
        r = start(&run, &outcome);
        if (options.die_on_crash && run_is_crash(&outcome))
                run_die(&outcome);
        return r;
}
