/* From a WebAssembly module's file to its add-in's first answer, and where the time goes: bench_compile MODULE [COMPILER]
 *
 * The whole is measured through the public API, its steps by the functions that it calls. A step of the first part is done once,
 * for it takes long; of the second, the median of several runs counts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "library_host.h"
#include "wasm/loaded.h"
#include "wasm/package.h"
#include "wasm/source.h"

enum { RUNS = 21, QUESTION = 41, MODULE_MAX = 64 << 20 };

static const char *module_path, *compiler;
static char cache[] = "/tmp/ward-bench-compile-XXXXXX";

static void fail(const char *what, const struct ward_fault *fault) __attribute__((noreturn));
static void fail(const char *what, const struct ward_fault *fault)
{
        fprintf(stderr, "bench_compile: %s: %s\n", what, fault ? fault->text : strerror(errno));
        exit(1);
}

/* --- The whole -------------------------------------------------------------------------------- */

static struct ward_host *new_host(void)
{
        const struct ward_host_options options = { .size = sizeof options, .cache_path = cache, .compiler = compiler };
        struct ward_host *host;
        struct ward_fault fault;
        if (ward_host_new(&options, &host, &fault))
                fail("cannot make a host", &fault);
        return host;
}

static uint64_t ask(struct ward_host *host)
{
        const struct ward_activate_options options = { .size = sizeof options, .isolation = WARD_WASM };
        struct library *library;
        struct ward_fault fault;
        int32_t answer = 0;
        uint64_t began = clock_now();
        if (library_activate(host, module_path, &options, NULL, &library, &fault) ||
            library_answer(library, QUESTION, &answer, &fault))
                fail("no answer", &fault);
        uint64_t took = clock_now() - began;
        if (answer != QUESTION + 1)
                fail("a wrong answer", NULL);
        library_release(library);
        return took;
}

static uint64_t first_answer(void)
{
        struct ward_host *host = new_host();
        uint64_t took = ask(host);
        ward_host_free(host);
        return took;
}

static uint64_t second_answer(void)
{
        struct ward_host *host = new_host();
        ask(host);
        uint64_t took = ask(host);
        ward_host_free(host);
        return took;
}

/* --- Its steps -------------------------------------------------------------------------------- */

static struct ward_span bytes;
static struct wasm_module *module;

static void read_file(void)
{
        struct stat st;
        OWNED(fd_closep) int fd = open(module_path, O_RDONLY | O_CLOEXEC);
        free((void *)(uintptr_t)bytes.at);
        bytes.at = NULL;
        uint8_t *at = fd < 0 || fstat(fd, &st) < 0 || st.st_size > MODULE_MAX ? NULL : malloc((size_t)st.st_size + 1);
        if (!at || read(fd, at, (size_t)st.st_size) != st.st_size)
                fail(module_path, NULL);
        bytes = (struct ward_span){ at, (size_t)st.st_size };
}

static uint64_t read_step(void)
{
        uint64_t began = clock_now();
        read_file();
        return clock_now() - began;
}

static uint64_t check_step(void)
{
        struct ward_fault fault;
        module = wasm_module_free(module);
        uint64_t began = clock_now();
        if (wasm_module_read(bytes, module_path, &module, &fault))
                fail("not a module", &fault);
        return clock_now() - began;
}

static struct wasm_image_options options = { .cache_path = cache };
static struct wasm_source source;

static uint64_t key_step(void)
{
        struct ward_fault fault;
        wasm_source_finish(&source);
        uint64_t began = clock_now();
        if (wasm_source_init(&source, module, &options, &fault))
                fail("no key", &fault);
        return clock_now() - began;
}

static uint64_t tools_step(void)
{
        struct ward_fault fault;
        key_step();
        uint64_t began = clock_now();
        if (wasm_source_identify(&source, &fault))
                fail("no tools", &fault);
        return clock_now() - began;
}

static uint64_t find_step(void)
{
        struct wasm_cache opened;
        struct wasm_label label;
        struct ward_fault fault;
        OWNED(fd_closep) int fd = -1;
        uint64_t began = clock_now();
        if (wasm_cache_open(cache, &opened, &fault))
                fail("no cache", &fault);
        if (wasm_cache_find(&opened, source.key, &fd, &label))
                fail("not in the cache", NULL);
        uint64_t took = clock_now() - began;
        wasm_cache_close(&opened);
        return took;
}

static uint64_t load_step(void)
{
        struct wasm_cache opened;
        struct wasm_image *image;
        struct wasm_label label;
        struct ward_fault fault;
        OWNED(fd_closep) int fd = -1;
        if (wasm_cache_open(cache, &opened, &fault) || wasm_cache_find(&opened, source.key, &fd, &label))
                fail("not in the cache", NULL);
        const struct wasm_image_file file = { fd, opened.folder, cache };
        uint64_t began = clock_now();
        if (wasm_image_load(source.key, &file, &image, &fault))
                fail("not loaded", &fault);
        uint64_t took = clock_now() - began;
        wasm_image_unref(image);
        wasm_cache_close(&opened);
        return took;
}

static uint64_t rewrite_step(void)
{
        struct ward_fault fault;
        OWNED(freep) uint8_t *rewritten = NULL;
        size_t len;
        uint64_t began = clock_now();
        if (wasm_module_rewrite(module, &rewritten, &len, &fault))
                fail("not rewritten", &fault);
        return clock_now() - began;
}

/* --- What is made once ------------------------------------------------------------------------ */

static struct {
        uint64_t began, translated, compiled, linked;
        size_t files;
} marks;

static void mark(void *data, const char *step, size_t done, size_t total)
{
        uint64_t now = clock_now();
        if (!strcmp(step, "translated"))
                marks.translated = now;
        else if (!strcmp(step, "compiled"))
                marks.compiled = now, marks.files++;
        marks.linked = now;
}

static void show(const char *what, uint64_t took, const char *remark)
{
        printf("  %-34s %12.3f ms%s%s\n", what, (double)took / 1e6, *remark ? "   " : "", remark);
}

/* On a machine that has other things to do, what counts. */
static uint64_t tools_time(void)
{
        struct rusage usage;
        getrusage(RUSAGE_CHILDREN, &usage);
        return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000u +
               ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000u;
}

static void make(void)
{
        struct wasm_package package;
        struct ward_fault fault;
        char remark[320];
        options.name = module_path;
        options.compiler = compiler;
        options.progress = mark;
        uint64_t before = tools_time();
        marks.began = clock_now();
        if (wasm_package(module, &options, NULL, &package, &fault))
                fail("not compiled", &fault);
        uint64_t ended = clock_now();
        snprintf(remark, sizeof remark, "%zu files, with %s", marks.files, package.label.compiler);
        show("rewrite, wasm2c", marks.translated - marks.began, "");
        show("write anew, compile", marks.compiled - marks.translated, remark);
        show("link", marks.linked - marks.compiled, marks.files > 1 ? "" : "with the above");
        snprintf(remark, sizeof remark, "an image of %llu KiB", (unsigned long long)package.bytes >> 10);
        show("seal, sync, tidy up", ended - marks.linked, remark);
        show("together", ended - marks.began, "");
        show("processor time of the tools", tools_time() - before, "");
        wasm_package_finish(&package);
}

/* --- Both ------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
        uint64_t left, right;
        memcpy(&left, a, sizeof left);
        memcpy(&right, b, sizeof right);
        return (left > right) - (left < right);
}

static uint64_t median(uint64_t (*step)(void))
{
        uint64_t took[RUNS];
        for (size_t i = 0; i < RUNS; i++)
                took[i] = step();
        qsort(took, RUNS, sizeof *took, compare);
        return took[RUNS / 2];
}

static void remove_cache(void)
{
        struct wasm_cache opened;
        struct wasm_cache_pruned pruned;
        const struct wasm_cache_bounds none = { 0 };
        if (!wasm_cache_open(cache, &opened, NULL)) {
                wasm_cache_prune(&opened, &none, &pruned, NULL);
                wasm_cache_close(&opened);
        }
        rmdir(cache);
}

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                uint64_t (*run)(void);
        } steps[] = {
                { "read the file", read_step },      { "check every instruction", check_step }, { "hash it", key_step },
                { "find the compiler", tools_step }, { "find and check the image", find_step }, { "load the image", load_step },
        };
        if (argc < 2 || argc > 3 || !mkdtemp(cache)) {
                fputs("Usage: bench_compile MODULE [COMPILER]\n", stderr);
                return 2;
        }
        module_path = argv[1];
        compiler = argv[2];
        atexit(remove_cache);
        read_file();
        printf("From the file of a module of %zu KB to its first answer\n\ncompiled:\n", bytes.len / 1000);
        check_step();
        make();
        uint64_t sum = 0, rewrite = median(rewrite_step);
        printf("  (of which Ward's rewriting of the module %.3f ms)\n\ncached:\n", (double)rewrite / 1e6);
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
                uint64_t took = median(steps[i].run);
                show(steps[i].name, took, "");
                sum += took;
        }
        uint64_t whole = median(first_answer);
        show("the rest: contract, instance, call", whole > sum ? whole - sum : 0, "");
        show("together, in a new host", whole, "");
        show("again in the same host", median(second_answer), "");
        wasm_source_finish(&source);
        wasm_module_free(module);
        free((void *)(uintptr_t)bytes.at);
        return 0;
}
