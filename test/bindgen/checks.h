/* Calls every function of the add-ins echo, many_echo and values_echo, and compares what comes back. They are used without a kind
 * (test_roundtrip.c) and at every kind (test_kinds.c). */
#ifndef TEST_BINDGEN_CHECKS_H
#define TEST_BINDGEN_CHECKS_H

#include "many_host.h"
#include "types_host.h"
#include "values_host.h"

extern const struct types_services types_test_services;
extern const struct many_services many_test_services;
extern const struct values_services values_test_services;

void check_types(struct types *types);
void check_many(struct many *many);
void check_values(struct values *values);

#endif
