#include "wasm/translate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/glue.h"
#include "wasm/jobs.h"
#include "wasm/recast.h"

enum {
        TRANSLATE_SECONDS = 120,
        COMPILE_SECONDS = 600,
        ARGUMENTS_MAX = WASM_TOOLS_WORDS_MAX + WASM_PARTS_MAX + 40,
        NAME = 32,
};

#define SCRATCH       "out"
#define RECAST_HEADER "wasm2c.h" /* what wasm2c writes beside WASM_RECAST_INPUT */

/* Why: -fstack-clash-protection so that no frame steps over a guard page; no contraction, aliasing or overflow rules that
 * WebAssembly does not have; loops where processors fetch, or a short one takes a tenth more by chance (measured); hidden symbols
 * and bound at once, so that nothing of the host's gets in between. */
static const char *const compile_flags[] = {
        "-std=gnu11",
        "-O2",
        "-g1", /* which changes no code: lines only (map.h) */
        "-fPIC",
        "-fstack-clash-protection",
        "-ffp-contract=off",
        "-fno-strict-aliasing",
        "-fwrapv",
        "-fno-math-errno",
        "-foptimize-sibling-calls",
        "-falign-loops=32",
        "-fvisibility=hidden",
        "-w",
        "-DNDEBUG",
        "-I.",
};

static const char *const link_flags[] = {
        "-shared", "-Wl,-z,defs", "-Wl,-z,now", "-Wl,-z,relro", "-Wl,-z,noexecstack",
};

/* --- Command lines ---------------------------------------------------------------------------- */

struct command {
        const char *argv[ARGUMENTS_MAX + 1]; /* NULL-terminated */
        size_t n;
};

static void add(struct command *command, const char *const *words, size_t n)
{
        memcpy(command->argv + command->n, words, n * sizeof *words);
        command->n += n;
}

static void add_word(struct command *command, const char *word)
{
        add(command, &word, 1);
}

static void add_compiler(struct command *command, const struct wasm_tools *tools)
{
        add(command, (const char *const *)tools->words, tools->n_words);
}

/* -O2, unless the compiler's command says how much. -Ofast is left to what comes behind it: WebAssembly's numbers have rules. With
 * little, a call at a function's end does not take its place, as gates need it (image_rt.h). */
static void add_optimisation(struct command *command, const struct wasm_tools *tools)
{
        char level = 0;
        for (size_t i = 1; i < tools->n_words; i++) {
                const char *word = tools->words[i];
                if (!strncmp(word, "-O", 2) && word[2] && strchr("0123sgz", word[2]) && !word[3])
                        level = word[2];
        }
        if (!level)
                add_word(command, "-O2");
        else if (strchr("01g", level))
                add_word(command, "-DWASM_NO_GATES");
}

static void add_compiling(struct command *command, const struct wasm_tools *tools)
{
        add_compiler(command, tools);
        add_optimisation(command, tools);
        add(command, compile_flags, COUNT_OF(compile_flags));
}

static void add_output(struct command *command, const char *path)
{
        add_word(command, "-o");
        add_word(command, path);
}

static struct wasm_job compiler_job(const struct wasm_tools *tools, const struct command *command)
{
        return (struct wasm_job){
                .what = "the C compiler",
                .path = tools->compiler,
                .argv = command->argv,
                .scratch = SCRATCH,
                .seconds = COMPILE_SECONDS,
        };
}

/* --- Steps ------------------------------------------------------------------------------------ */

struct work {
        const struct wasm_translation *what;
        struct wasm_jobs jobs;
        const char *step;
        size_t done, total; /* the steps before, and all that are known */
        uint32_t n_parts;
};

static void tell(void *data, size_t done, size_t total)
{
        struct work *work = data;
        work->done++;
        if (work->what->progress)
                work->what->progress(work->what->progress_data, work->step, work->done, work->total);
}

static int write_file(int folder, const char *name, struct ward_span bytes, struct ward_fault *fault)
{
        OWNED(fd_closep) int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
        size_t done = 0;
        while (fd >= 0 && done < bytes.len) {
                ssize_t n = write(fd, bytes.at + done, bytes.len - done);
                if (n < 0 && errno != EINTR)
                        break;
                done += n > 0 ? (size_t)n : 0;
        }
        if (fd < 0 || done < bytes.len)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, errno, "cannot write %s to the cache folder", name);
        return 0;
}

static int write_sources(const struct wasm_translation *what, int folder, struct ward_fault *fault)
{
        int r = write_file(folder, "image.wasm", what->module, fault);
        if (!r)
                r = write_file(folder, "wasm-rt.h", span_of(wasm_rt_text), fault);
        return r ? r : write_file(folder, "glue.c", span_of(what->glue), fault);
}

static int run_wasm2c(struct work *work, struct ward_fault *fault)
{
        const char *wasm2c = work->what->tools->wasm2c;
        const char *const argv[] = { wasm2c, "image.wasm", "-n", "image", "-o", SCRATCH "/" WASM_RECAST_INPUT, NULL };
        const struct wasm_job job = {
                .what = "the translator",
                .path = wasm2c,
                .argv = argv,
                .scratch = SCRATCH,
                .makes = { WASM_RECAST_INPUT, RECAST_HEADER },
                .seconds = TRANSLATE_SECONDS,
        };
        work->step = "translated";
        return wasm_jobs_run(&work->jobs, &job, 1, tell, work, fault);
}

/* A small module: compiled and linked at once. */
static int compile_whole(struct work *work, struct ward_fault *fault)
{
        struct command command = { 0 };
        add_compiling(&command, work->what->tools);
        add(&command, link_flags, COUNT_OF(link_flags));
        add_output(&command, SCRATCH "/" WASM_IMAGE_FILE);
        add_word(&command, "glue.c");
        add_word(&command, "-lm");
        struct wasm_job job = compiler_job(work->what->tools, &command);
        job.makes[0] = WASM_IMAGE_FILE;
        work->step = "compiled";
        return wasm_jobs_run(&work->jobs, &job, 1, tell, work, fault);
}

/* A file to compile by itself. */
struct part {
        struct command command;
        char source[NAME], object[NAME], made[NAME], scratch[NAME];
};

static struct wasm_job part_job(const struct wasm_tools *tools, struct part *part, uint32_t number)
{
        snprintf(part->source, NAME, number ? WASM_PART_FORMAT : "glue.c", number);
        snprintf(part->object, NAME, "part%u.o", number);
        snprintf(part->scratch, NAME, SCRATCH "%u", number);
        snprintf(part->made, NAME, "%.*s/%.*s", NAME / 2 - 1, part->scratch, NAME / 2 - 1, part->object);
        add_compiling(&part->command, tools);
        add_word(&part->command, "-c");
        add_word(&part->command, part->source);
        add_output(&part->command, part->made);
        struct wasm_job job = compiler_job(tools, &part->command);
        job.scratch = part->scratch;
        job.makes[0] = part->object;
        return job;
}

/* The glue is number 0. */
static int compile_parts(struct work *work, struct part *parts, struct ward_fault *fault)
{
        struct wasm_job jobs[WASM_PARTS_MAX + 1];
        for (uint32_t i = 0; i <= work->n_parts; i++)
                jobs[i] = part_job(work->what->tools, &parts[i], i);
        work->step = "compiled";
        return wasm_jobs_run(&work->jobs, jobs, work->n_parts + 1, tell, work, fault);
}

static int link_parts(struct work *work, const struct part *parts, struct ward_fault *fault)
{
        struct command command = { 0 };
        add_compiler(&command, work->what->tools);
        add(&command, link_flags, COUNT_OF(link_flags));
        add_output(&command, SCRATCH "/" WASM_IMAGE_FILE);
        for (uint32_t i = 0; i <= work->n_parts; i++)
                add_word(&command, parts[i].object);
        add_word(&command, "-lm");
        struct wasm_job job = compiler_job(work->what->tools, &command);
        job.makes[0] = WASM_IMAGE_FILE;
        work->step = "linked";
        return wasm_jobs_run(&work->jobs, &job, 1, tell, work, fault);
}

static int compile_several(struct work *work, struct ward_fault *fault)
{
        OWNED(freep) struct part *parts = calloc(work->n_parts + 1, sizeof *parts);
        if (!parts)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot compile module '%s'", work->what->name);
        int r = compile_parts(work, parts, fault);
        return r ? r : link_parts(work, parts, fault);
}

static int compile(struct work *work, int folder, struct ward_fault *fault)
{
        struct stat st;
        const struct wasm_recast_options options = {
                .name = work->what->name,
                .checked = work->what->checked,
                .looking = work->what->looking,
                .parts_max = WASM_PARTS_MAX,
                .marks = work->what->marks,
                .n_functions = work->what->n_functions,
        };
        int r = wasm_recast(folder, &options, &work->n_parts, fault);
        if (r)
                return r;
        work->total = work->n_parts ? 1 + work->n_parts + 1 + 1 : 2;
        r = work->n_parts ? compile_several(work, fault) : compile_whole(work, fault);
        if (!r && (fstatat(folder, WASM_IMAGE_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0 || !st.st_size))
                return fault_set(fault, WARD_FAULT_COMPILE, "%s made no " WASM_IMAGE_FILE " of module '%s': is it a C compiler?",
                                 work->what->tools->compiler, work->what->name);
        return r;
}

int wasm_translate(const struct wasm_translation *translation, int folder, unsigned *ret_held, struct ward_fault *fault)
{
        struct work work = { .what = translation, .total = 2 };
        int r = write_sources(translation, folder, fault);
        if (!r)
                r = wasm_jobs_begin(translation->tools, folder, translation->name, &work.jobs, fault);
        if (r)
                return r;
        r = run_wasm2c(&work, fault);
        if (!r)
                r = compile(&work, folder, fault);
        *ret_held = work.jobs.held;
        wasm_jobs_end(&work.jobs);
        return r;
}

/* --- What it depends on ----------------------------------------------------------------------- */

int wasm_translate_recipe(bool checked, bool looking, char **ret_text)
{
        size_t len;
        FILE *out = open_memstream(ret_text, &len);
        if (!out)
                return -errno;
        fprintf(out, "%s\n%s\n%s\n", wasm_sources, checked ? "checked" : "", looking ? "looking" : "");
        for (size_t i = 0; i < COUNT_OF(compile_flags); i++)
                fprintf(out, "%s\n", compile_flags[i]);
        for (size_t i = 0; i < COUNT_OF(link_flags); i++)
                fprintf(out, "%s\n", link_flags[i]);
        return fclose(out) ? -ENOMEM : 0;
}
