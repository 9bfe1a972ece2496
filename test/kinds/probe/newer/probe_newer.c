/* Add-in of the tests: of another version of the contract. */
#include "probe.h"

uint32_t exports_probe_descend(uint32_t depth)
{
        return depth;
}
