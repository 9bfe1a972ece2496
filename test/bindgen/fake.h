/* Stands in for libward: activates an add-in by dlopen and calls it through the two views' tables alone, without any isolation
 * kind. How arguments and results get across is the test's choice. */
#ifndef TEST_BINDGEN_FAKE_H
#define TEST_BINDGEN_FAKE_H

#include <stdint.h>

enum crossing {
        CROSS_DIRECT, /* scalar functions connect directly, other arguments are copied */
        CROSS_COPY,   /* nothing connects directly */
        CROSS_MEMORY, /* through a linear memory, by the Canonical ABI */
};

extern enum crossing crossing;

#endif
