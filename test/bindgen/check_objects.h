/* Objects of the add-in's and of the host's, made, lent, given away and destroyed. */
#ifndef TEST_BINDGEN_CHECK_OBJECTS_H
#define TEST_BINDGEN_CHECK_OBJECTS_H

#include "objects_host.h"

extern const struct objects_services objects_test_services;

void check_objects(struct objects *objects);

/* Leaves an object of the add-in's to the end of its domain. It keeps one of the host's. */
void leave_objects(struct objects *objects);

/* How many of those live. */
int count_documents(void);

#endif
