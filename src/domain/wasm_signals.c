#include "domain/wasm_signals.h"

#include <dlfcn.h>
#include <string.h>
#include "domain/event.h"
#include "wasm/signals.h"

bool domain_handle_signal(int number, siginfo_t *info, void *context)
{
        return wasm_signals_handle(number, info, context);
}

/* The file that the handler is in, for who looks for the culprit. */
static const char *file_of(const void *handler)
{
        Dl_info info;
        return handler && dladdr(handler, &info) && info.dli_fname ? info.dli_fname : "";
}

static void tell(struct domains *domains, int number, const char *name)
{
        const char *file = file_of(wasm_signals_replacer(number));
        const struct event event = { .kind = WARD_EVENT_HANDLER,
                                     .operation = name,
                                     .subject = { (const uint8_t *)file, strlen(file) } };
        domains_event(
                domains, &event,
                "Ward's handler of %s was replaced%s%s: it is in front again, and hands on what is not a module's; <ward/signal.h> "
                "says how to install handlers beside it",
                name, *file ? ", by one in " : "", file);
}

void domains_tell_signals(struct domains *domains)
{
        uint64_t replaced = wasm_signals_replaced();
        if (replaced & UINT64_C(1) << SIGSEGV)
                tell(domains, SIGSEGV, "SIGSEGV");
        if (replaced & UINT64_C(1) << SIGBUS)
                tell(domains, SIGBUS, "SIGBUS");
}
