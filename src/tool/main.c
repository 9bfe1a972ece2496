/* ward: what developers do with contracts and add-ins, one command each. */
#include <stdio.h>
#include <string.h>
#include <ward/host.h>
#include "base/own.h"
#include "tool/command.h"

static const struct command {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *about;
} commands[] = {
        { "bindgen", command_bindgen, "write the C view of a contract, for hosts or for add-ins" },
        { "contract", command_contract, "check a contract, and print it as WIT or JSON" },
        { "inspect", command_inspect, "show what an add-in is and what contract it carries" },
        { "call", command_call, "call a function of an add-in, with values written as text" },
        { "compile", command_compile, "compile a WebAssembly add-in to native code, ahead of its first activation" },
        { "cache", command_cache, "list the compiled add-ins that are kept, and remove some" },
        { "doctor", command_doctor, "tell what this machine offers to hold add-ins by, and how to get the rest" },
        { "run", command_run, "run a function of a shared library, or a program, in a process that is held" },
        { "bench", command_bench, "measure what calls cost at each isolation kind" },
};

static int help(FILE *out, int status)
{
        fputs("Usage: ward COMMAND …\n\nWard loads add-ins that a program does not trust, and survives them.\n\nCommands:\n", out);
        for (size_t i = 0; i < COUNT_OF(commands); i++)
                fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].about);
        fputs("\nward COMMAND --help tells more; ward --version prints the version.\n", out);
        return status;
}

static int run_command(const struct command *command, int argc, char **argv)
{
        char name[32];
        snprintf(name, sizeof name, "ward %s", command->name);
        argv[0] = name; /* as getopt has it in what it says */
        return command->run(argc, argv);
}

static int run(int argc, char **argv)
{
        if (argc < 2)
                return help(stderr, EXIT_USAGE);
        if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
                return help(stdout, EXIT_DONE);
        if (!strcmp(argv[1], "--version"))
                return puts("ward " WARD_VERSION) < 0 ? EXIT_FAILED : EXIT_DONE;
        for (size_t i = 0; i < COUNT_OF(commands); i++)
                if (!strcmp(argv[1], commands[i].name))
                        return run_command(&commands[i], argc - 1, argv + 1);
        fprintf(stderr, "ward: there is no command '%s'\n\n", argv[1]);
        return help(stderr, EXIT_USAGE);
}

int main(int argc, char **argv)
{
        int status = run(argc, argv);
        if (fflush(stdout) && status == EXIT_DONE) {
                perror("ward: cannot write to standard output");
                return EXIT_FAILED;
        }
        return status;
}
