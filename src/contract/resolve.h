/* Tree -> model: names are resolved, types are made, worlds are completed. */
#ifndef CONTRACT_RESOLVE_H
#define CONTRACT_RESOLVE_H

#include "contract/ast.h"
#include "contract/contract.h"
#include "contract/reader.h"

/* The files of one package. */
struct ast_package {
        struct ast_file **files;
        size_t n_files;
};

/* @packages[0] is the contract's own. A package that is @optional (by number, or n_packages for none) is left out unless another
 * one refers to it, or if another one has the same name. Fills @contract, which lives in the arena that is kept. */
void resolve(struct reader *reader, struct ast_package *packages, size_t n_packages, size_t optional, struct contract *contract);

#endif
