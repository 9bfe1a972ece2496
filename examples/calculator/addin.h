/* One add-in of the calculator: activated, asked what it can do, and activated again after it was lost. */
#ifndef ADDIN_H
#define ADDIN_H

#include "calculator_host.h"

struct addin {
        const char *module; /* path */
        struct ward_activate_options options;
        struct calculator *view;             /* NULL while it is not activated */
        calculator_list_string_t operations; /* what it offers */
};

/* Activates @addin and asks it for its operations. 0, or a negative fault. */
int addin_start(struct addin *addin, struct ward_host *host, struct ward_fault *fault);

/* Releases it; it may be started again. */
void addin_stop(struct addin *addin);

bool addin_offers(const struct addin *addin, const char *operation);

/* 0; 1 where the add-in says why there is no result (@ret_err, to be freed with calculator_string_free); or a negative fault. */
int addin_operate(struct addin *addin, const char *operation, const double *operands, size_t n, double *ret,
                  calculator_string_t *ret_err, struct ward_fault *fault);

/* Where the calculator's own add-ins are: beside the program, "NAME.wasm" for kind wasm and "NAME.so" for the others. */
void addin_path(char *to, size_t size, const char *name, enum ward_isolation isolation);

#endif
