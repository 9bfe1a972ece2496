#include "domain/wasm_memory.h"

#include "domain/wasm_loaded.h"
#include "wasm/area.h"

bool wasm_memory_is_checked(const struct ward_domain *domain)
{
        const struct wasm_domain *held = domain->held;
        return held->checked;
}

void wasm_memory_choose(struct ward_domain *domain)
{
        struct wasm_domain *held = domain->held;
        enum ward_bounds bounds = domain->account.quota.bounds;
        held->checked = bounds == WARD_BOUNDS_CHECKED || (bounds == WARD_BOUNDS_AUTO && wasm_areas_are_scarce());
        held->chosen = bounds != WARD_BOUNDS_AUTO;
}

/* There is no address space, or no image of the other kind and none that could be made. */
bool wasm_memory_choose_again(struct ward_domain *domain, int r)
{
        struct wasm_domain *held = domain->held;
        if (held->chosen || r != (held->checked ? -WARD_FAULT_COMPILE : WASM_INSTANCE_NO_ROOM))
                return false;
        held->checked = !held->checked;
        held->chosen = true;
        return true;
}
