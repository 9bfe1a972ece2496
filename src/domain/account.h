/* What a domain may use and has used: <ward/usage.h>. It outlives what the kind holds, so that one may ask when all is over. */
#ifndef DOMAIN_ACCOUNT_H
#define DOMAIN_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <ward/usage.h>
#include "wasm/account.h"

struct domain_account {
        struct ward_quota quota; /* zero where none was given */
        struct wasm_account wasm;
        uint64_t calls; /* of add-ins that are gone; guarded by the domain's info_lock */
        _Atomic uint64_t cpu_ns;
        _Atomic uint64_t faults; /* of calls */
        struct ward_usage
                process;    /* kind `process`: what is known of its end, or was known last; guarded by the domain's info_lock */
        bool process_ended; /* it is of its end */
};

#endif
