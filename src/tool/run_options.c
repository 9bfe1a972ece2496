/* The command line of ward run. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "tool/run.h"

enum { RESTARTS = 5 };

static int fail_usage(const char *problem, const char *text)
{
        fprintf(stderr, "ward run: ");
        fprintf(stderr, problem, text);
        fputc('\n', stderr);
        run_usage(stderr);
        fputs("ward run --help tells more.\n", stderr);
        return RUN_FAILED;
}

enum {
        LEVEL = 256,
        ENV,
        PASS,
        MEMORY,
        CPU,
        CPU_TIME,
        AFFINITY,
        PROCESSES,
        FILES,
        TIMEOUT,
        RESTART,
        ATTEMPTS,
        DIE,
        NAME,
        NO_TAGS,
        JSON,
        LOG,
        DEBUG,
        ALLOW,
        POLICY,
        RECORD,
        LIBRARIES,
};

static const struct option options[] = {
        { "level", required_argument, NULL, LEVEL },
        { "allow", required_argument, NULL, ALLOW },
        { "policy", required_argument, NULL, POLICY },
        { "record-policy", required_argument, NULL, RECORD },
        { "library-path", required_argument, NULL, LIBRARIES },
        { "env", required_argument, NULL, ENV },
        { "pass", required_argument, NULL, PASS },
        { "max-memory", required_argument, NULL, MEMORY },
        { "max-cpu", required_argument, NULL, CPU },
        { "cpu-time", required_argument, NULL, CPU_TIME },
        { "affinity", required_argument, NULL, AFFINITY },
        { "processes", required_argument, NULL, PROCESSES },
        { "open-files", required_argument, NULL, FILES },
        { "timeout", required_argument, NULL, TIMEOUT },
        { "restart", no_argument, NULL, RESTART },
        { "max-restart-attempts", required_argument, NULL, ATTEMPTS },
        { "die-on-crash", no_argument, NULL, DIE },
        { "name", required_argument, NULL, NAME },
        { "no-tags", no_argument, NULL, NO_TAGS },
        { "json", no_argument, NULL, JSON },
        { "log-level", required_argument, NULL, LOG },
        { "debug", no_argument, NULL, DEBUG },
        { "help", no_argument, NULL, 'h' },
        { 0 },
};

static bool is_name(const char *text, size_t len)
{
        size_t n = 0;
        while (n < len && (text[n] == '_' || (text[n] >= '0' && text[n] <= '9') || (text[n] >= 'A' && text[n] <= 'Z') ||
                           (text[n] >= 'a' && text[n] <= 'z')))
                n++;
        return n && n == len && n < 64;
}

/* NAME=FD */
static bool add_passed(struct run_texts *texts, const char *text)
{
        const char *sign = strchr(text, '=');
        uint64_t fd;
        return sign && is_name(text, (size_t)(sign - text)) && run_read_number(sign + 1, INT_MAX, &fd) &&
               run_texts_add(texts, text);
}

/* NAME=VALUE, or NAME for this process's own; one that it has not is none. */
static bool add_environment(struct run_texts *texts, const char *text)
{
        extern char **environ;
        size_t len = strcspn(text, "=");
        if (!len)
                return false;
        if (text[len])
                return run_texts_add(texts, text);
        for (char **own = environ; *own; own++)
                if (!strncmp(*own, text, len) && (*own)[len] == '=')
                        return run_texts_add(texts, *own);
        return true;
}

static bool add_folder(struct run_texts *texts, const char *text)
{
        char *path = realpath(text, NULL);
        if (path && run_texts_add(texts, path))
                return true;
        free(path);
        return false;
}

static bool read_log_level(const char *text, enum ward_log_level *ret)
{
        for (int level = WARD_LOG_TRACE; level <= WARD_LOG_ERROR; level++)
                if (!strcmp(text, ward_log_level_name((enum ward_log_level)level))) {
                        *ret = (enum ward_log_level)level;
                        return true;
                }
        *ret = WARD_LOG_NONE;
        return !strcmp(text, "none");
}

static bool read_u32(const char *text, uint32_t *ret)
{
        uint64_t value;
        if (!run_read_number(text, UINT32_MAX, &value))
                return false;
        *ret = (uint32_t)value;
        return true;
}

static bool read_cpu_time(const char *text, uint64_t *ret)
{
        uint32_t ms;
        bool good = run_read_ms(text, &ms);
        *ret = good ? ms : 0;
        return good;
}

/* What an option with a value must be like; NULL: the value is good. */
static const char *take_value(struct run_options *to, int option, const char *text)
{
        switch (option) {
        case LEVEL:
                return ward_level_from_name(text, &to->level) ? NULL
                                                              : "--level takes internet, intranet, full-trust or host, not '%s'";
        case ENV:
                return add_environment(&to->environment, text) ? NULL : "--env takes NAME=VALUE or NAME, not '%s'";
        case ALLOW:
                return run_texts_add(&to->allowed, text) ? NULL : "no memory for --allow '%s'";
        case POLICY:
                to->policy = text;
                return NULL;
        case RECORD:
                to->record = text;
                return NULL;
        case LIBRARIES:
                return add_folder(&to->library_path, text) ? NULL : "--library-path takes a folder, not '%s'";
        case PASS:
                return add_passed(&to->passed, text) ? NULL : "--pass takes NAME=FD, a number, not '%s'";
        case MEMORY:
                return run_read_size(text, &to->limits.memory_bytes) ? NULL : "--max-memory takes a size such as 64M, not '%s'";
        case CPU:
                return run_read_percent(text, &to->quota.cpu_percent) ? NULL : "--max-cpu takes a share such as 20%%, not '%s'";
        case CPU_TIME:
                return read_cpu_time(text, &to->quota.cpu_ms) ? NULL : "--cpu-time takes a time such as 500ms or 30s, not '%s'";
        case AFFINITY:
                return run_read_number(text, UINT64_MAX, &to->limits.cpu_affinity) && to->limits.cpu_affinity
                               ? NULL
                               : "--affinity takes processors as bits, such as 0x3, not '%s'";
        case PROCESSES:
                return read_u32(text, &to->quota.processes) ? NULL : "--processes takes a number, not '%s'";
        case FILES:
                return read_u32(text, &to->quota.open_files) ? NULL : "--open-files takes a number, not '%s'";
        case TIMEOUT:
                return run_read_ms(text, &to->timeout_ms) ? NULL : "--timeout takes a time such as 1500ms or 30s, not '%s'";
        case ATTEMPTS:
                return read_u32(text, &to->restarts_max) ? NULL : "--max-restart-attempts takes a number, not '%s'";
        case LOG:
                return read_log_level(text, &to->log_level) ? NULL
                                                            : "--log-level takes trace, debug, info, warn, error or none, not '%s'";
        case NAME:
                to->name = text;
                return *text && strlen(text) < WARD_FAULT_NAME_MAX ? NULL : "--name takes up to 63 bytes, not '%s'";
        default:
                return NULL;
        }
}

static void take_flag(struct run_options *to, int option)
{
        to->restart |= option == RESTART;
        to->die_on_crash |= option == DIE;
        to->no_tags |= option == NO_TAGS;
        to->json |= option == JSON;
        to->debug |= option == DEBUG;
        to->help |= option == 'h';
}

bool run_is_confined(const struct run_options *of)
{
        return of->level == WARD_LEVEL_INTERNET || of->level == WARD_LEVEL_INTRANET;
}

/* At the levels that have the user's rights anyway, what is run has the user's environment. */
static bool inherit_environment(struct run_options *to)
{
        extern char **environ;
        if (to->environment.n || run_is_confined(to))
                return true;
        for (char **own = environ; *own; own++)
                if (!run_texts_add(&to->environment, *own))
                        return false;
        return true;
}

int run_parse(int argc, char **argv, struct run_options *ret)
{
        int option;
        *ret = (struct run_options){ .restarts_max = RESTARTS, .log_level = WARD_LOG_WARN };
        ret->limits.size = sizeof ret->limits;
        ret->quota.size = sizeof ret->quota;
        while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
                if (option == '?')
                        return run_usage(stderr), RUN_FAILED;
                take_flag(ret, option);
                const char *problem = take_value(ret, option, optarg);
                if (problem)
                        return fail_usage(problem, optarg);
        }
        if (ret->help)
                return 0;
        if (optind == argc)
                return fail_usage("what is to be run%s", "?");
        if (ret->json && ret->no_tags)
                return fail_usage("%s", "--json and --no-tags exclude each other");
        if (ret->restart && ret->debug)
                return fail_usage("%s", "--restart and --debug exclude each other");
        if (ret->policy && run_policy_level(ret->policy, &ret->level))
                return RUN_FAILED;
        if (ret->record && (run_is_confined(ret) || ret->policy))
                return fail_usage("%s", "--record-policy is for level full-trust, where nothing is refused");
        if (!inherit_environment(ret))
                return fail_usage("%s", "no memory for the environment");
        ret->target = argv[optind];
        ret->arguments = argv + optind + 1;
        ret->n_arguments = argc - optind - 1;
        return 0;
}

void run_options_free(struct run_options *to)
{
        free(to->environment.at);
        free(to->passed.at);
        free(to->allowed.at);
        for (size_t i = 0; i < to->library_path.n; i++)
                free((char *)(uintptr_t)to->library_path.at[i]);
        free(to->library_path.at);
}
