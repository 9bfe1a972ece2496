/* ward contract: checks a contract, and prints it back. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "contract/contract.h"
#include "contract/print.h"
#include "tool/command.h"
#include "tool/contract_json.h"
#include "tool/read.h"

static const char usage[] = "Usage: ward contract CONTRACT [--json] [--features NAME,…] [--all-features]\n";

static const char help[] = "\n"
                           "Checks a contract and prints it back in normal form, as WIT that other tools read too.\n"
                           "CONTRACT is a .wit file, or a folder of them, with packages that it uses under deps/.\n"
                           "Every error that was found goes to standard error, with its place.\n"
                           "\n"
                           "  --json            print the resolved form instead: arrays of worlds, interfaces, types\n"
                           "                    and packages that refer to each other by index\n"
                           "  --features NAMES  switch on what is behind @unstable(feature = NAME); names are separated\n"
                           "                    by commas, and the option may be given again\n"
                           "  --all-features    switch on all of it\n"
                           "\n"
                           "Examples:\n"
                           "  ward contract calculator.wit\n"
                           "  ward contract --json wit/ | jq '.worlds[].name'\n"
                           "\n"
                           "Exit status: 0 done, 1 the contract or the system is at fault, 2 the command line is.\n";

struct request {
        const char *path;
        struct contract_options read;
        bool json;
        bool help;
};

static int fail_usage(const char *problem)
{
        fprintf(stderr, "ward contract: %s\n%sward contract --help tells more.\n", problem, usage);
        return EXIT_USAGE;
}

static int fail_memory(void)
{
        fputs("ward contract: out of memory\n", stderr);
        return EXIT_FAILED;
}

static int parse(int argc, char **argv, struct request *request)
{
        static const struct option options[] = {
                { "all-features", no_argument, NULL, 'a' },
                { "features", required_argument, NULL, 'f' },
                { "help", no_argument, NULL, 'h' },
                { "json", no_argument, NULL, 'j' },
                { 0 },
        };
        int option;
        while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
                request->read.all_features |= option == 'a';
                request->help |= option == 'h';
                request->json |= option == 'j';
                if (option == '?')
                        return fputs(usage, stderr), EXIT_USAGE;
                if (option == 'f' && read_features(&request->read, optarg))
                        return fail_memory();
        }
        if (request->help)
                return EXIT_DONE;
        if (optind + 1 != argc)
                return fail_usage(optind == argc ? "which contract?" : "one contract at a time");
        request->path = argv[optind];
        return EXIT_DONE;
}

static int print(const struct request *request)
{
        struct contract *contract = read_contract("ward contract", request->path, &request->read);
        if (!contract)
                return EXIT_FAILED;
        int r = 0;
        if (request->json)
                r = contract_json_print(stdout, contract);
        else
                contract_print(contract, stdout);
        contract_free(contract);
        return r && !ferror(stdout) ? fail_memory() : EXIT_DONE;
}

int command_contract(int argc, char **argv)
{
        struct request request = { 0 };
        int status = parse(argc, argv, &request);
        if (status == EXIT_DONE && request.help)
                status = printf("%s%s", usage, help) < 0 ? EXIT_FAILED : EXIT_DONE;
        else if (status == EXIT_DONE)
                status = print(&request);
        free((void *)request.read.features);
        return status;
}
