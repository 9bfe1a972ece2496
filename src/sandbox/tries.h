/* Attempts to have a layer, each in a process of its own, which they leave in a state that is good for nothing but its end. 0, or
 * an errno: then it cannot be had here. */
#ifndef SANDBOX_TRIES_H
#define SANDBOX_TRIES_H

#include "sandbox/machine.h"

/* In the order of enum ward_layer. */
extern int (*const tries[MACHINE_LAYERS])(void);

/* A filter that asks a supervisor; a supervisor that answers with a descriptor. */
int try_notifying(void);
int try_injecting(void);

/* As an ordinary user would get them. */
int try_rights_in_user_namespace(void);

#endif
