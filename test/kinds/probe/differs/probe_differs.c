/* Add-in of the tests: says that it is of the same contract, and is not. */
#include "probe.h"

uint32_t exports_probe_descend(uint64_t depth)
{
        return (uint32_t)depth;
}
