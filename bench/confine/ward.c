/* Add-ins of Ward's, from asking for one to its first answer, and back. */
#include "bench/confine/bench.h"

#include "base/clock.h"

int bench_activate(struct bench *bench, enum ward_level level, struct cage **ret_cage)
{
        const struct ward_activate_options options = {
                .size = sizeof options, .isolation = WARD_PROCESS, .level = level, .limits = { .size = sizeof options.limits }
        };
        struct cage *cage = NULL;
        uint32_t sum = 0;
        int r = cage_activate(bench->host, bench->module, &options, NULL, &cage, &bench->fault);
        if (!r)
                r = cage_add(cage, 2, 3, &sum, &bench->fault);
        if (r || sum != 5) {
                cage_release(cage);
                bench->why = r ? bench->fault.text : "two and three are five";
                return -1;
        }
        *ret_cage = cage;
        return 0;
}

int sample_activation(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end)
{
        struct cage *cage = NULL;
        uint64_t start = clock_now();
        int r = bench_activate(bench, row->level, &cage);
        uint64_t begun = clock_now();
        if (r)
                return r;
        cage_release(cage);
        *ret_begin = begun - start;
        *ret_end = clock_now() - begun;
        return 0;
}

/* With a warden of its own. */
int sample_host(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end)
{
        struct ward_host *before = bench->host;
        struct cage *cage = NULL;
        uint64_t start = clock_now();
        int r = ward_host_new(NULL, &bench->host, &bench->fault);
        if (!r)
                r = bench_activate(bench, row->level, &cage);
        uint64_t begun = clock_now();
        cage_release(cage);
        ward_host_free(bench->host);
        bench->host = before;
        *ret_begin = begun - start;
        *ret_end = clock_now() - begun;
        return r;
}
