/* What the stages of reading a contract share: sources -> tokens -> tree -> model. */
#ifndef CONTRACT_READER_H
#define CONTRACT_READER_H

#include "contract/arena.h"
#include "contract/names.h"
#include "contract/report.h"
#include "contract/source.h"

struct reader {
        struct sources sources;
        struct report report;
        struct arena *keep;    /* becomes the contract's: the model and all names */
        struct arena *scratch; /* trees and tables */
        struct names names;
        const struct contract_options *options; /* or NULL */
        bool unparsed;                          /* a text is not WIT: nothing can be said of what its names mean */
};

#endif
