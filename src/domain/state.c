#include "domain/state.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fault.h"

enum { STATE_PAGE = 4096 };

struct domain_state *domain_state_new(bool wiped, struct ward_fault *fault)
{
        struct domain_state *state = mmap(NULL, STATE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (state == MAP_FAILED) {
                fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot map a domain's state");
                return NULL;
        }
        if (wiped && madvise(state, STATE_PAGE, MADV_WIPEONFORK) < 0) {
                fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot have a domain's state wiped on fork");
                munmap(state, STATE_PAGE);
                return NULL;
        }
        atomic_store(&state->here, 1);
        return state;
}

void domain_state_free(struct domain_state *state)
{
        if (state)
                munmap(state, STATE_PAGE);
}

void domain_state_unload(struct domain_state *state)
{
        atomic_store(&state->state, WARD_DOMAIN_UNLOADED);
        syscall(SYS_futex, &state->state, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}
