/* Gates: the quick way into a module for functions of a few numbers (wasm/image_abi.h). What a call does in domain/enter.h, in
 * wasm_loaded.h and in wasm/instance.h is done by the image itself, in a few loads and stores, for one thread: the favourite of the
 * domain's turn, which has called the instance before.
 *
 * A gate is shut where a thread is not that one, is in module code already, has inherited a deadline, or passes no fault; where the
 * turn is shared by now, or the domain was unloaded. There are none where the host traces or counts processor time, has begun calls
 * in the domain, or the kernel does not offer the barrier that lets a turn have a favourite. */
#ifndef DOMAIN_WASM_GATE_H
#define DOMAIN_WASM_GATE_H

#include "domain/wasm_loaded.h"

/* Opens the gates of @loaded to this thread, if it may pass them. Behind a call of its, in the domain's visit, with the turn. */
void loaded_open_gates(struct loaded *loaded);

#endif
