#include "tool/read.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int read_features(struct contract_options *options, char *names)
{
        for (char *rest, *name = strtok_r(names, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
                const char **grown = reallocarray((void *)options->features, options->n_features + 1, sizeof *grown);
                if (!grown)
                        return -ENOMEM;
                grown[options->n_features++] = name;
                options->features = grown;
        }
        return 0;
}

struct contract *read_contract(const char *command, const char *path, const struct contract_options *options)
{
        struct contract_error error = { 0 };
        struct contract *contract = contract_read(path, options, &error);
        if (contract)
                return contract;
        size_t len = error.text ? strlen(error.text) : 0;
        if (len)
                fprintf(stderr, "%s%s", error.text, error.text[len - 1] == '\n' ? "" : "\n");
        else
                fprintf(stderr, "%s: out of memory\n", command);
        free(error.text);
        return NULL;
}
