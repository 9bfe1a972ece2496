/* WASI: clocks. */
#include "base/clock.h"
#include "base/own.h"
#include "wasm/wasi_parts.h"

/* Numbered as WASI does. */
static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID };

/* A host with a clock of its own has no other: what module code takes of the processor is told by that which goes forward. */
enum wasi_errno wasi_clock(struct wasi_call *call, uint32_t id, uint64_t *ret_ns)
{
        const struct wasi_host *host = &call->wasi->host;
        if (id >= COUNT_OF(clocks))
                return WASI_INVAL;
        if (host->now)
                call->ended = host->now(host->context, id ? 1 : 0, ret_ns, call->fault);
        else
                *ret_ns = clock_read(clocks[id]);
        return call->ended ? WASI_INTR : WASI_OK;
}

enum wasi_errno wasi_clock_res_get(struct wasi_call *call)
{
        struct timespec t;
        if (wasi_argument(call, 0) >= COUNT_OF(clocks) || clock_getres(clocks[wasi_argument(call, 0)], &t) < 0)
                return WASI_INVAL;
        if (call->wasi->host.now)
                t = (struct timespec){ .tv_nsec = 1 };
        return wasi_store64(call, wasi_argument(call, 1), (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

enum wasi_errno wasi_clock_time_get(struct wasi_call *call)
{
        uint64_t now;
        enum wasi_errno error = wasi_clock(call, wasi_argument(call, 0), &now);
        return error ? error : wasi_store64(call, wasi_argument(call, 2), now);
}
