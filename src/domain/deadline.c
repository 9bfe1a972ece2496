#include "domain/deadline.h"

#include "base/clock.h"

__thread uint64_t deadline_inherited __attribute__((tls_model("initial-exec"))) = CLOCK_NEVER;
