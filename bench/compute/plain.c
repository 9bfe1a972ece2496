/* wasm2c's own text, with wabt's runtime, as a native add-in: what compiled WebAssembly costs without Ward. */
#include "kernels.h"
#include "wasm2c.c"

static Z_plain_instance_t *begin(void)
{
        static Z_plain_instance_t instance;
        static bool begun;
        if (begun)
                return &instance;
        wasm_rt_init();
        Z_plain_init_module();
        Z_plain_instantiate(&instance);
        begun = true;
        return &instance;
}

uint32_t exports_kernels_sieve(uint32_t n, uint32_t rounds)
{
        return Z_plainZ_sieve(begin(), n, rounds);
}

uint32_t exports_kernels_matmul(uint32_t n, uint32_t rounds)
{
        return Z_plainZ_matmul(begin(), n, rounds);
}

uint32_t exports_kernels_sha256(uint32_t n, uint32_t rounds)
{
        return Z_plainZ_sha256(begin(), n, rounds);
}

uint32_t exports_kernels_sum(uint32_t n, uint32_t rounds)
{
        return Z_plainZ_sum(begin(), n, rounds);
}
