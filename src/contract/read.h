/* Reading a contract from sources that are in memory already: several files and packages, as tests need them. */
#ifndef CONTRACT_READ_H
#define CONTRACT_READ_H

#include "contract/contract.h"
#include "contract/source.h"

/* As contract_read; @path is what the contract is called. Takes what @sources holds, even on failure. */
struct contract *contract_read_sources(struct sources *sources, const char *path, const struct contract_options *options,
                                       struct contract_error *ret_error);

#endif
