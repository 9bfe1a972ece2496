/* ward doctor: what this machine offers to hold add-ins by. */
#include "tool/doctor.h"

#include <getopt.h>
#include <string.h>
#include "base/own.h"
#include "tool/command.h"

static const char usage[] = "Usage: ward doctor [--level LEVEL] [--json]\n";

static const char help[] =
        "\n"
        "Tells what this machine offers to hold a process domain by, layer by layer, each really tried by a\n"
        "child process; what each security level is held by here, area by area, as shown by a domain that is\n"
        "started for a moment; what is missing, and how to get it. Run it as the user who runs the host, and\n"
        "where that runs: in its container, under its service manager.\n"
        "\n"
        "A level is started only if at least its floor is there: at internet and intranet the filter of system\n"
        "calls, and beside it one more layer each between the add-in and files, network and processes. Below\n"
        "that a host gets a fault of kind `refused`. What is missing above the floor makes it weaker, not\n"
        "impossible.\n"
        "\n"
        "  --level LEVEL  internet, intranet, full-trust or host: that level only, and whether it can be held\n"
        "                 is the exit status\n"
        "  --json         print an object: version, kernel, machine, user, root, libseccomp, landlock-abi,\n"
        "                 filter-notifies, filter-injects, filtered, user-namespaces, cgroup (version-1,\n"
        "                 version-2: what they limit), ptrace-scope, memory-overcommit; layers (name,\n"
        "                 about, areas, offered, error, reason); levels (name, held, missing (any-of,\n"
        "                 why), fault, layers, areas (name, about, layers))\n"
        "\n"
        "Examples:\n"
        "  ward doctor\n"
        "  ward doctor --level internet || echo 'untrusted add-ins cannot be held here'\n"
        "  ward doctor --json | jq '.layers[] | select(.offered | not)'\n"
        "\n"
        "Exit status: 0 done, and with --level it can be held; 1 it cannot; 2 the command line is at fault.\n";

struct request {
        enum ward_level level; /* WARD_LEVEL_DEFAULT: all */
        bool json;
        bool help;
};

static int fail_usage(const char *problem)
{
        fprintf(stderr, "ward doctor: %s\n%sward doctor --help tells more.\n", problem, usage);
        return EXIT_USAGE;
}

static int parse(int argc, char **argv, struct request *request)
{
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "json", no_argument, NULL, 'j' },
                { "level", required_argument, NULL, 'l' },
                { 0 },
        };
        int option;
        while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
                request->help |= option == 'h';
                request->json |= option == 'j';
                if (option == 'l' && (!ward_level_from_name(optarg, &request->level) || !request->level))
                        return fail_usage("--level takes internet, intranet, full-trust or host");
                if (option == '?')
                        return fputs(usage, stderr), EXIT_USAGE;
        }
        return optind < argc ? fail_usage("too many arguments") : EXIT_DONE;
}

void examine(struct diagnosis *ret_diagnosis)
{
        static const enum ward_level levels[] = { WARD_LEVEL_INTERNET, WARD_LEVEL_INTRANET, WARD_LEVEL_FULL_TRUST,
                                                  WARD_LEVEL_HOST };
        struct machine *machine = &ret_diagnosis->machine;
        machine_look(machine);
        for (size_t i = 0; i < COUNT_OF(levels); i++)
                ret_diagnosis->levels[i] = (struct doctor_level){
                        .level = levels[i],
                        .layers = layers_wanted(levels[i]) & machine->offered,
                        .missing = layers_missing(levels[i], machine->root, machine->offered),
                };
        doctor_try_levels(ret_diagnosis);
}

static bool can_be_held(const struct diagnosis *diagnosis, enum ward_level level)
{
        for (size_t i = 0; i < DOCTOR_LEVELS; i++)
                if (diagnosis->levels[i].level == level && (diagnosis->levels[i].missing || diagnosis->levels[i].failed))
                        return false;
        return true;
}

int command_doctor(int argc, char **argv)
{
        struct request request = { 0 };
        struct diagnosis diagnosis;
        int status = parse(argc, argv, &request);
        if (status != EXIT_DONE)
                return status;
        if (request.help)
                return printf("%s%s", usage, help) < 0 ? EXIT_FAILED : EXIT_DONE;
        examine(&diagnosis);
        int r = request.json ? doctor_print_json(&diagnosis, request.level, stdout)
                             : doctor_print(&diagnosis, request.level, stdout);
        return r || !can_be_held(&diagnosis, request.level) ? EXIT_FAILED : EXIT_DONE;
}
