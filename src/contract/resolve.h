/* Tree -> model: names are resolved, types are made, worlds are completed. */
#ifndef CONTRACT_RESOLVE_H
#define CONTRACT_RESOLVE_H

#include "contract/ast.h"
#include "contract/contract.h"
#include "contract/reader.h"

/* The files of one package, and what packages are nested in them. */
struct ast_group {
        struct ast_file **files;
        size_t n_files;
};

/* @groups[0] is the contract's own. The package of the last one is left out unless another one refers to it, or if another one has
 * the same name. Fills @contract, which lives in the arena that is kept. */
void resolve(struct reader *reader, const struct ast_group *groups, size_t n_groups, struct contract *contract);

#endif
