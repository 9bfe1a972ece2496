/* What the host has to do with the signals of kind `wasm`: <ward/signal.h>. */
#ifndef DOMAIN_WASM_SIGNALS_H
#define DOMAIN_WASM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include "domain/domain.h"

/* ward_handle_signal's work. */
bool domain_handle_signal(int number, siginfo_t *info, void *context);

/* Tells the host of @domains of handlers of Ward's that were found replaced since this was last called. As domains_event, with no
 * lock held and not in module code. */
void domains_tell_signals(struct domains *domains);

#endif
