/* How fast compiled WebAssembly computes: one C source natively by gcc -O2 and clang -O2, and as a module that Ward has each of
 * them compile, and what wasm2c with its own runtime makes of that, called as native code. Medians of one run, in which all take
 * turns, and ratios to gcc's native code in the same turn; results are compared. Times are the processor's, for what else the
 * machine does is not to count. bench_compute [--quick] [--json] [FOLDER OF THE ADD-INS] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/own.h"
#include "kernels_host.h"

enum { SAMPLES = 31, SAMPLES_QUICK = 1 };

typedef int kernel(struct kernels *self, uint32_t n, uint32_t rounds, uint32_t *ret, struct ward_fault *fault);

static const struct work {
        const char *name, *title;
        kernel *run;
        uint32_t n, rounds;
        uint32_t result;
        double target; /* the ratio that is wanted, at most */
} works[] = {
        { "sieve", "sieve of 1,000,000", kernels_sieve, 1000000, 2, 2 * 78498, 1.15 },
        { "matmul", "256 x 256 float matrices", kernels_matmul, 256, 1, 0xc4f0d000, 1.3 },
        { "sha256", "SHA-256 of 64 KiB", kernels_sha256, 64 << 10, 40, 0xf838bdf8, 1.2 },
        { "sum", "sum of 4 KiB", kernels_sum, 4 << 10, 5000, 0x9ba3c000, 1.0 },
};

static const struct variant {
        const char *name, *title, *file, *compiler;
} variants[] = {
        { "native-gcc", "native, gcc -O2", "kernels-gcc.so", NULL },
        { "native-clang", "native, clang -O2", "kernels-clang.so", NULL },
        { "wasm2c-gcc", "wasm2c, gcc", "plain-gcc.so", NULL },
        { "wasm2c-clang", "wasm2c, clang", "plain-clang.so", NULL },
        { "ward-gcc", "Ward, gcc", "kernels.wasm", "gcc" },
        { "ward-clang", "Ward, clang", "kernels.wasm", "clang" },
};

/* One variant, ready to run. */
struct runner {
        struct ward_host *host;
        struct kernels *kernels; /* NULL: cannot be had here */
        double samples[COUNT_OF(works)][SAMPLES];
};

static void die(const char *what, const struct ward_fault *fault)
{
        fprintf(stderr, "bench_compute: %s: %s\n", what, fault->text);
        exit(1);
}

static void start(struct runner *runner, const struct variant *variant, const char *folder)
{
        struct ward_host_options host = { .size = sizeof host, .compiler = variant->compiler };
        struct ward_activate_options options = { .size = sizeof options, .isolation = variant->compiler ? WARD_WASM : WARD_DIRECT };
        struct ward_fault fault = { 0 };
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, variant->file);
        if (access(path, R_OK))
                return;
        if (ward_host_new(&host, &runner->host, &fault))
                die("ward_host_new", &fault);
        if (kernels_activate(runner->host, path, &options, NULL, &runner->kernels, &fault))
                fprintf(stderr, "%s: left out: %s\n", variant->title, fault.text);
}

static double now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double run(const struct runner *runner, const struct work *work)
{
        struct ward_fault fault = { 0 };
        uint32_t result;
        double began = now();
        if (work->run(runner->kernels, work->n, work->rounds, &result, &fault))
                die(work->name, &fault);
        double ns = (now() - began) / work->rounds;
        if (result != work->result) {
                fprintf(stderr, "bench_compute: %s gave 0x%" PRIx32 "\n", work->name, result);
                exit(1);
        }
        return ns;
}

static void measure(struct runner *runners, unsigned samples)
{
        for (size_t w = 0; w < COUNT_OF(works); w++)
                for (unsigned i = 0; i < samples + 1; i++)
                        for (size_t v = 0; v < COUNT_OF(variants); v++)
                                if (runners[v].kernels) {
                                        double ns = run(&runners[v], &works[w]);
                                        runners[v].samples[w][i ? i - 1 : 0] = ns; /* the first only warms */
                                }
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

static double median(const double *samples, unsigned n)
{
        double sorted[SAMPLES];
        memcpy(sorted, samples, n * sizeof *samples);
        qsort(sorted, n, sizeof *sorted, compare);
        return sorted[n / 2];
}

/* To the first variant; 0 if that is not there. */
static double ratio(const struct runner *runners, size_t variant, size_t work, unsigned n)
{
        double ratios[SAMPLES];
        if (!runners[0].kernels)
                return 0;
        for (unsigned i = 0; i < n; i++)
                ratios[i] = runners[variant].samples[work][i] / runners[0].samples[work][i];
        return median(ratios, n);
}

static void show_table(const struct runner *runners, unsigned samples)
{
        printf("%-26s", "µs; ratio to gcc -O2");
        for (size_t v = 0; v < COUNT_OF(variants); v++)
                printf(" %18s", runners[v].kernels ? variants[v].title : "");
        printf("  wanted\n");
        for (size_t w = 0; w < COUNT_OF(works); w++) {
                printf("%-26s", works[w].title);
                for (size_t v = 0; v < COUNT_OF(variants); v++) {
                        if (runners[v].kernels)
                                printf(" %11.2f %6.2f", median(runners[v].samples[w], samples) / 1000,
                                       ratio(runners, v, w, samples));
                        else
                                printf(" %18s", "");
                }
                printf("  %6.2f\n", works[w].target);
        }
}

static void show_json(const struct runner *runners, unsigned samples)
{
        const char *comma = "";
        printf("{\"unit\":\"ns\",\"compute\":[");
        for (size_t w = 0; w < COUNT_OF(works); w++)
                for (size_t v = 0; v < COUNT_OF(variants); v++) {
                        if (!runners[v].kernels)
                                continue;
                        printf("%s\n{\"work\":\"%s\",\"by\":\"%s\",\"median\":%.1f,\"ratio\":%.3f,\"wanted\":%.2f}", comma,
                               works[w].name, variants[v].name, median(runners[v].samples[w], samples),
                               ratio(runners, v, w, samples), works[w].target);
                        comma = ",";
                }
        printf("\n]}\n");
}

int main(int argc, char **argv)
{
        static struct runner runners[COUNT_OF(variants)];
        bool quick = false, json = false;
        const char *folder = ".";
        for (int i = 1; i < argc; i++) {
                quick |= !strcmp(argv[i], "--quick");
                json |= !strcmp(argv[i], "--json");
                if (argv[i][0] != '-')
                        folder = argv[i];
        }
        unsigned samples = quick ? SAMPLES_QUICK : SAMPLES;
        for (size_t v = 0; v < COUNT_OF(variants); v++)
                start(&runners[v], &variants[v], folder);
        measure(runners, samples);
        (json ? show_json : show_table)(runners, samples);
        for (size_t v = 0; v < COUNT_OF(variants); v++) {
                kernels_release(runners[v].kernels);
                ward_host_free(runners[v].host);
        }
        return 0;
}
