/* Objects inside of other values, of both sides. */
#ifndef TEST_BINDGEN_CHECK_SHELF_H
#define TEST_BINDGEN_CHECK_SHELF_H

#include "shelf_host.h"

extern const struct shelf_services shelf_test_services;

/* Each fails the test; afterwards neither side has things left. */
void check_addins_things(struct shelf *shelf);
void check_hosts_things(struct shelf *shelf);

#endif
