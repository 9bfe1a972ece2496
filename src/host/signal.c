/* The host's handlers ask Ward. */
#include <ward/signal.h>
#include "domain/wasm_signals.h"

bool ward_handle_signal(int number, void *info, void *context)
{
        return domain_handle_signal(number, info, context);
}
