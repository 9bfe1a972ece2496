/* The command line of `ward bindgen`. */
#ifndef TOOL_BINDGEN_ARGS_H
#define TOOL_BINDGEN_ARGS_H

#include <stdbool.h>
#include "contract/contract.h"
#include "generate/generate.h"

struct bindgen_args {
        const char *contract;
        const char *folder; /* where to write */
        const char *world;  /* NULL: the only one */
        bool help;
        enum generate_side side;
        struct generate_options generate;
        struct contract_options read;
        struct generate_rename *renames; /* malloc'd; generate.renames is this */
};

/* Fills @args, which the caller finishes whatever comes of it. EXIT_DONE, or another exit status once the reason is printed. The
 * texts are @argv's, and some of them are changed. */
int bindgen_args_parse(struct bindgen_args *args, int argc, char **argv);
void bindgen_args_finish(struct bindgen_args *args);

/* What --help prints. False if it could not. */
bool bindgen_args_help(void);

#endif
