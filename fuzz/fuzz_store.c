/* An add-in's file: it is read, or there is a reason why not. What was read can be described to a host. */
#include <stdlib.h>

#include "dynamic/dynamic.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(const struct store_addin *addin)
{
        struct ward_fault fault = { 0 };
        struct dynamic *dynamic = NULL;
        int r = dynamic_new(addin->contract, addin->world, NULL, &dynamic, &fault);
        if (r && !fault.text[0])
                abort();
        for (uint32_t i = 0; !r && i < dynamic->contract.n_exports; i++)
                if (!dynamic->exports[i].func.name[0] || dynamic->exports[i].func.params->size > DYNAMIC_SIZE_MAX)
                        abort();
        dynamic_free(dynamic);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct ward_fault fault = { 0 };
        struct store_addin *addin = NULL;
        if (store_read_bytes((struct ward_span){ data, size }, "fuzz", &addin, &fault)) {
                if (addin || !fault.text[0])
                        abort();
                return 0;
        }
        if (addin->contract)
                describe(addin);
        store_free(addin);
        return 0;
}
