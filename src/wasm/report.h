/* What is said of a call that ended before its time. */
#ifndef WASM_REPORT_H
#define WASM_REPORT_H

#include "wasm/instance.h"

/* @function is what the host called. Returns the negative kind of the fault. */
int wasm_report(const struct wasm_instance *instance, const char *function, const struct wasm_end *end, struct ward_fault *fault);

#endif
