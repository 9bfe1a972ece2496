/* The contract that travels with an add-in: what was read can be walked, and every span lies in the input. */
#include <stdlib.h>
#include "base/embedded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
        if (!holds)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct ward_fault fault = { 0 };
        struct embedded embedded;
        struct embedded_entry entry;
        size_t used = 0;
        int r = embedded_read((struct ward_span){ data, size }, "fuzz.so", &embedded, &fault);
        if (r) {
                require(r == -WARD_FAULT_CONTRACT && fault.text[0]);
                return 0;
        }
        for (struct embedded_cursor at = embedded_begin(&embedded); embedded_next(&at, &entry);) {
                require(entry.name.at >= data && entry.signature.at + entry.signature.len <= data + size);
                require(entry.name.len && entry.resource == !entry.signature.len);
                used += entry.name.len + entry.signature.len;
        }
        require(used <= embedded.entries.len);
        require(embedded.wit.at + embedded.wit.len == data + size);
        return 0;
}
