/* ward:domain/memory, for add-ins that have no memory but their own (contract/builtin.c has the WIT). */
#ifndef DOMAIN_IMPORT_MEMORY_H
#define DOMAIN_IMPORT_MEMORY_H

#include "domain/domain.h"

/* Serves its function @name as instance_serve does. False: it has no such function. */
bool import_memory_serve(struct instance *instance, const char *name, const void *args, void *ret);
bool import_memory_has(const char *name);

#endif
