/* What domains of kind `wasm` cost, by way of the public API and a module with 64 KiB of linear memory:
 *
 *      create+call+free     a domain for one add-in, one call, and back; the median of many samples
 *      alive                many at once, each called once: what each takes besides the pages that it wrote
 *      fit                  with --fit: how many until Ward or the system says no, or there are 100,000
 *      soak                 with --soak: whether anything grows while many are made and freed
 *
 * bench_domains [--quick | --fit | --soak CYCLES] [--guarded | --checked] [FOLDER OF cell.wasm] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ward/usage.h>
#include "base/clock.h"
#include "base/own.h"
#include "cell_host.h"

#ifdef __SANITIZE_ADDRESS__ /* which keeps what is freed for a while */
enum { GROWN_MAX = 512 << 10 };
#else
enum { GROWN_MAX = 1024 }; /* KiB */
#endif

enum { SAMPLES_MAX = 201, SAMPLE = 200, ALIVE = 10000, FIT_MAX = 100000 };

struct bench {
        struct ward_host *host;
        const char *folder;
        char module[4096];
        struct ward_activate_options options;
        struct ward_quota quota;
        unsigned samples;
        uint32_t alive;
        uint64_t cycles, soaks;
        bool fits;
        struct ward_fault fault;
};

static int create(struct bench *bench, struct cell **ret_cell)
{
        return cell_activate(bench->host, bench->module, &bench->options, NULL, ret_cell, &bench->fault);
}

static void need(const struct bench *bench, const char *what, int r)
{
        if (!r)
                return;
        fprintf(stderr, "bench_domains: %s: %s\n", what, bench->fault.text);
        exit(1);
}

static void use(struct bench *bench, struct cell *cell)
{
        uint32_t sum = 0;
        need(bench, "add", cell_add(cell, 2, 3, &sum, &bench->fault));
        if (sum != 5)
                exit(1);
}

static void cycle(struct bench *bench)
{
        struct cell *cell = NULL;
        need(bench, "activate", create(bench, &cell));
        use(bench, cell);
        cell_release(cell);
}

/* Its stack, which lies in its memory. */
static void cycle_and_write(struct bench *bench)
{
        struct cell *cell = NULL;
        uint64_t ret;
        need(bench, "activate", create(bench, &cell));
        need(bench, "spin", cell_spin(cell, 1, &ret, &bench->fault));
        cell_release(cell);
}

/* --- Times ------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

static void time_cycles(struct bench *bench, const char *what, void (*once)(struct bench *))
{
        double ns[SAMPLES_MAX];
        for (unsigned i = 0; i < bench->samples; i++) {
                uint64_t start = clock_now();
                for (unsigned n = 0; n < SAMPLE; n++)
                        once(bench);
                ns[i] = (double)(clock_now() - start) / SAMPLE;
        }
        qsort(ns, bench->samples, sizeof *ns, compare);
        printf("%-19s%8.2f us   (least %.2f)\n", what, ns[bench->samples / 2] / 1000, ns[0] / 1000);
}

/* --- Memory ----------------------------------------------------------------------------------- */

/* A figure of /proc/self/status, in KiB. */
static uint64_t status(const char *name)
{
        char line[256];
        uint64_t found = 0;
        FILE *file = fopen("/proc/self/status", "re");
        while (file && fgets(line, sizeof line, file))
                if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
                        found = strtoull(line + strlen(name) + 1, NULL, 10);
        if (file)
                fclose(file);
        return found;
}

static uint64_t mappings(void)
{
        uint64_t n = 0;
        FILE *file = fopen("/proc/self/maps", "re");
        for (int c; file && (c = getc(file)) != EOF;)
                n += c == '\n';
        if (file)
                fclose(file);
        return n;
}

static uint32_t fill(struct bench *bench, struct cell **cells, uint32_t n)
{
        uint32_t made = 0;
        for (; made < n && !create(bench, &cells[made]); made++)
                use(bench, cells[made]);
        return made;
}

static void empty(struct cell **cells, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                cell_release(cells[i]);
}

static void measure_alive(struct bench *bench)
{
        struct cell **cells = calloc(bench->alive, sizeof(*cells));
        uint64_t resident = status("VmRSS"), tables = status("VmPTE"), maps = mappings();
        uint64_t start = clock_now();
        uint32_t made = cells ? fill(bench, cells, bench->alive) : 0;
        double each_us = (double)(clock_now() - start) / 1000 / bench->alive;
        need(bench, "activate many", made == bench->alive ? 0 : -1);
        resident = status("VmRSS") - resident;
        tables = status("VmPTE") - tables;
        printf("alive              %8u domains: each %.2f KiB resident, %.2f KiB of page tables, %.2f mappings, made in %.2f us\n",
               made, (double)resident / made, (double)tables / made, (double)(mappings() - maps) / made, each_us);
        start = clock_now();
        empty(cells, made);
        printf("                   freed in %.2f us each; %" PRIu64 " KiB resident after\n",
               (double)(clock_now() - start) / 1000 / made, status("VmRSS"));
        free(cells);
}

static void measure_fit(struct bench *bench)
{
        struct cell **cells = calloc(FIT_MAX, sizeof(*cells));
        uint32_t made = cells ? fill(bench, cells, FIT_MAX) : 0;
        printf("fit                %8u domains, then: %s\n", made, made < FIT_MAX ? bench->fault.text : "enough");
        printf("                   %" PRIu64 " KiB resident, %" PRIu64 " mappings\n", status("VmRSS"), mappings());
        empty(cells, made);
        free(cells);
}

/* Growth shows in the second half: in the first, pools fill. */
static void soak(struct bench *bench, uint64_t cycles)
{
        for (uint64_t i = 0; i < cycles / 2; i++)
                cycle(bench);
        uint64_t resident = status("VmRSS"), virtual = status("VmSize"), maps = mappings();
        for (uint64_t i = 0; i < cycles / 2; i++)
                cycle(bench);
        int64_t grown = (int64_t)(status("VmRSS") - resident), more = (int64_t)(status("VmSize") - virtual);
        printf("soak               %8" PRIu64 " cycles: %" PRId64 " KiB resident, %" PRId64 " KiB of addresses, %" PRId64
               " mappings more in the second half\n",
               cycles, grown, more, (int64_t)(mappings() - maps));
        if (grown > GROWN_MAX || more > GROWN_MAX)
                exit(1);
}

/* Takes one argument; false where it is none that is known. */
static bool take_option(struct bench *bench, const char *option)
{
        if (!strcmp(option, "--quick")) {
                bench->samples = 3;
                bench->alive = 100;
                bench->cycles = 2000;
        } else if (!strcmp(option, "--fit")) {
                bench->fits = true;
        } else if (!strcmp(option, "--guarded")) {
                bench->quota.bounds = WARD_BOUNDS_GUARDED;
        } else if (!strcmp(option, "--checked")) {
                bench->quota.bounds = WARD_BOUNDS_CHECKED;
        } else {
                return false;
        }
        return true;
}

int main(int argc, char **argv)
{
        struct bench bench = {
                .options = { .size = sizeof bench.options, .isolation = WARD_WASM, .quota = &bench.quota },
                .quota = { .size = sizeof bench.quota },
                .folder = ".",
                .samples = SAMPLES_MAX,
                .alive = ALIVE,
        };
        for (int i = 1; i < argc; i++) {
                if (!strcmp(argv[i], "--soak") && i + 1 < argc)
                        bench.soaks = bench.cycles = strtoull(argv[++i], NULL, 10);
                else if (!take_option(&bench, argv[i]))
                        bench.folder = argv[i];
        }
        snprintf(bench.module, sizeof bench.module, "%s/cell.wasm", bench.folder);
        need(&bench, "host", ward_host_new(NULL, &bench.host, &bench.fault));
        cycle(&bench); /* compiles, where the cache is cold */
        if (bench.fits) {
                measure_fit(&bench);
        } else if (!bench.soaks) {
                time_cycles(&bench, "create+call+free", cycle);
                time_cycles(&bench, "and a page written", cycle_and_write);
                measure_alive(&bench);
        }
        if (bench.cycles)
                soak(&bench, bench.cycles);
        ward_host_free(bench.host);
        return 0;
}
