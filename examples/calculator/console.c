/* The calculator on a console: whatever an add-in does, the calculator goes on. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "addin.h"
#include "expression.h"

enum { ADDINS_MAX = 16, DEADLINE_MS = 2000, MEMORY_BYTES = 256 << 20 };

struct calculators {
        struct ward_host *host;
        struct addin addins[ADDINS_MAX];
        size_t n;
};

static const char help[] = "Usage: calculator [OPTION]... [EXPRESSION]\n"
                           "Evaluates EXPRESSION, or each line of the standard input, with operations from add-ins.\n"
                           "\n"
                           "  -i, --isolation KIND   hold the add-ins as KIND: direct, wasm or process (default: process)\n"
                           "  -a, --addin PATH       use this add-in; may be given again (default: basic and scientific)\n"
                           "  -d, --deadline MS      end a call that takes longer (default: 2000)\n"
                           "  -l, --list             list the operations, and end\n"
                           "  -h, --help             show this\n"
                           "\n"
                           "Examples:\n"
                           "  calculator '2 ** 10 + sqrt(2)'\n"
                           "  calculator --isolation wasm '1 / 3'\n"
                           "  calculator --addin hostile.so 'loop()'\n";

static struct addin *find(struct calculators *all, const char *operation)
{
        for (size_t i = 0; i < all->n; i++)
                if (addin_offers(&all->addins[i], operation))
                        return &all->addins[i];
        return NULL;
}

static void list(FILE *to, const struct calculators *all)
{
        for (size_t i = 0; i < all->n; i++)
                for (size_t j = 0; j < all->addins[i].operations.len; j++)
                        fprintf(to, " %.*s", (int)all->addins[i].operations.ptr[j].len,
                                (const char *)all->addins[i].operations.ptr[j].ptr);
        fputc('\n', to);
}

/* A lost add-in costs the calculation, not the calculator. */
static void restart(struct calculators *all, struct addin *addin)
{
        struct ward_fault fault;
        addin_stop(addin);
        if (addin_start(addin, all->host, &fault))
                fprintf(stderr, "calculator: cannot activate '%s' again: %s\n", addin->module, fault.text);
        else
                fprintf(stderr, "calculator: '%s' was activated again\n", addin->module);
}

static bool operate(void *data, const char *operation, const double *operands, size_t n, double *ret)
{
        struct calculators *all = data;
        struct ward_fault fault;
        calculator_string_t err;
        struct addin *addin = find(all, operation);
        if (!addin) {
                fprintf(stderr, "calculator: no add-in offers '%s'; there are:", operation);
                list(stderr, all);
                return false;
        }
        int r = addin_operate(addin, operation, operands, n, ret, &err, &fault);
        if (r == 1) {
                fprintf(stderr, "calculator: %.*s\n", (int)err.len, (const char *)err.ptr);
                calculator_string_free(&err);
        } else if (r < 0) {
                fprintf(stderr, "calculator: %s\n%s", fault.text, fault.backtrace);
                restart(all, addin);
        }
        return !r;
}

static bool evaluate(struct calculators *all, const char *text)
{
        char error[256];
        double value;
        bool good = expression_evaluate(text, operate, all, &value, error, sizeof error);
        if (good)
                printf("%.15g\n", value);
        else if (error[0])
                fprintf(stderr, "calculator: %s\n  %s\n", error, text);
        fflush(stdout);
        return good;
}

static void prompt(bool terminal)
{
        if (terminal)
                fputs("> ", stdout);
        fflush(stdout);
}

static int evaluate_input(struct calculators *all)
{
        char *line = NULL;
        size_t size = 0;
        bool terminal = isatty(STDIN_FILENO), good = true;
        while (prompt(terminal), getline(&line, &size, stdin) >= 0) {
                line[strcspn(line, "\r\n")] = 0;
                if (line[strspn(line, " \t")])
                        good &= evaluate(all, line);
        }
        free(line);
        return good ? 0 : 1;
}

static void add(struct calculators *all, const char *module)
{
        if (all->n < ADDINS_MAX)
                all->addins[all->n++] = (struct addin){ .module = module };
}

static int start(struct calculators *all, const struct ward_activate_options *options)
{
        struct ward_fault fault;
        for (size_t i = 0; i < all->n; i++) {
                all->addins[i].options = *options;
                if (!addin_start(&all->addins[i], all->host, &fault))
                        continue;
                fprintf(stderr, "calculator: %s\n", fault.text);
                return 1;
        }
        return 0;
}

static int run(struct calculators *all, const struct ward_activate_options *options, bool only_list, const char *expression)
{
        struct ward_fault fault;
        int status = 1;
        if (ward_host_new(NULL, &all->host, &fault)) {
                fprintf(stderr, "calculator: %s\n", fault.text);
                return 1;
        }
        if (!start(all, options)) {
                status = 0;
                if (only_list)
                        list(stdout, all);
                else
                        status = expression ? !evaluate(all, expression) : evaluate_input(all);
        }
        for (size_t i = 0; i < all->n; i++)
                addin_stop(&all->addins[i]);
        ward_host_free(all->host);
        return status;
}

static int usage(const char *what, const char *value)
{
        fprintf(stderr, "calculator: %s '%s'; try --help\n", what, value);
        return 2;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "isolation", required_argument, NULL, 'i' },
                { "addin", required_argument, NULL, 'a' },
                { "deadline", required_argument, NULL, 'd' },
                { "list", no_argument, NULL, 'l' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        static const char *const own[] = { "basic", "scientific" };
        static char paths[2][PATH_MAX];
        struct calculators all = { 0 };
        struct ward_activate_options activate = {
                .size = sizeof activate,
                .isolation = WARD_PROCESS,
                .deadline_ms = DEADLINE_MS,
                .limits = { .size = sizeof activate.limits, .memory_bytes = MEMORY_BYTES },
        };
        bool only_list = false;
        for (int c; (c = getopt_long(argc, argv, "i:a:d:lh", options, NULL)) != -1;) {
                if (c == 'i' && !ward_isolation_from_name(optarg, &activate.isolation))
                        return usage("no such isolation kind:", optarg);
                if (c == 'd' && !(activate.deadline_ms = (uint32_t)strtoul(optarg, NULL, 10)))
                        return usage("no such time in milliseconds:", optarg);
                if (c == 'a')
                        add(&all, optarg);
                only_list |= c == 'l';
                if (c == 'h')
                        return fputs(help, stdout) < 0;
                if (c == '?')
                        return usage("wrong option before", optind < argc ? argv[optind] : "the end");
        }
        if (argc - optind > 1)
                return usage("one expression at a time, quoted; what is", argv[optind + 1]);
        for (size_t i = 0; !all.n && i < 2; i++)
                addin_path(paths[i], sizeof paths[i], own[i], activate.isolation);
        if (!all.n)
                for (size_t i = 0; i < 2; i++)
                        add(&all, paths[i]);
        return run(&all, &activate, only_list, argv[optind]);
}
