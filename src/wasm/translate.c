#include "wasm/translate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/glue.h"
#include "wasm/recast.h"
#include "wasm/subprocess.h"

enum {
        WORDS_MAX = 16, /* of the compiler's command */
        TRANSLATE_SECONDS = 120,
        COMPILE_SECONDS = 600,
        LOG_TAIL = 500,
        /* wasm2c may write 700 bytes for one of a branch table. Far below this the compiler's time is up. */
        FILE_MIB = 256,
        /* The compiler takes about 150 bytes for one of the translated module. */
        MEMORY_MIB = 8192,
        MEMORY_LEAST_MIB = 1024, /* what smaller machines let it have: else half of what there is */
};

/* Why: -fstack-clash-protection so that no frame steps over a guard page; no contraction, aliasing or overflow rules that
 * WebAssembly does not have; hidden symbols and bound at once, so that nothing of the host's gets in between. */
static const char *const flags[] = {
        "-std=gnu11",
        "-O2",
        "-fPIC",
        "-shared",
        "-fstack-clash-protection",
        "-ffp-contract=off",
        "-fno-strict-aliasing",
        "-fwrapv",
        "-fno-math-errno",
        "-fvisibility=hidden",
        "-w",
        "-DNDEBUG",
        "-I.",
        "-Wl,-z,defs",
        "-Wl,-z,now",
        "-Wl,-z,relro",
        "-Wl,-z,noexecstack",
        "-o",
        WASM_IMAGE_FILE,
        "glue.c",
        "-lm",
};

static const char *const wasm2c_arguments[] = { "image.wasm", "-n", "image", "-o", WASM_RECAST_INPUT };

/* More than WASM_DEPTH_MAX, and what encloses those. */
#define NESTED_FOR_CLANG "CCC_OVERRIDE_OPTIONS=#+-fbracket-depth=1024"

struct wasm_tools {
        char *wasm2c;           /* path, owned, as the next two are */
        char *compiler;         /* path */
        char *command;          /* as given; cut into @words */
        char *words[WORDS_MAX]; /* the compiler and its own arguments, in @command */
        size_t n_words;
        char *identity;
};

struct wasm_tools *wasm_tools_free(struct wasm_tools *tools)
{
        if (tools) {
                free(tools->wasm2c);
                free(tools->compiler);
                free(tools->command);
                free(tools->identity);
                free(tools);
        }
        return NULL;
}

static void wasm_tools_freep(struct wasm_tools **tools)
{
        wasm_tools_free(*tools);
}

/* --- Finding them ----------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
        struct stat st;
        return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

static const char *search_path(void)
{
        const char *path = secure_getenv("PATH");
        return path && *path ? path : "/usr/local/bin:/usr/bin:/bin";
}

/* The absolute path of program @name, malloc'd, or NULL. A folder in PATH that is not absolute is left out: what the host's working
 * directory holds is not for it to run. */
static char *find_program(const char *name)
{
        char at[PATH_MAX];
        if (strchr(name, '/'))
                return !is_program(name) ? NULL : *name == '/' ? strdup(name) : realpath(name, NULL);
        for (const char *folder = search_path(); folder; folder = strchr(folder, ':')) {
                folder += *folder == ':';
                int len = (int)strcspn(folder, ":");
                if (*folder == '/' && snprintf(at, sizeof at, "%.*s/%s", len, folder, name) < (int)sizeof at && is_program(at))
                        return strdup(at);
        }
        return NULL;
}

static int split_command(struct wasm_tools *tools, struct ward_fault *fault)
{
        char *rest = tools->command, *word;
        while ((word = strtok_r(rest, " \t", &rest))) {
                if (tools->n_words == WORDS_MAX)
                        return fault_set(fault, WARD_FAULT_COMPILE, "the C compiler's command has more than %d words", WORDS_MAX);
                tools->words[tools->n_words++] = word;
        }
        if (!tools->n_words)
                return fault_set(fault, WARD_FAULT_COMPILE, "the C compiler's command is empty");
        return 0;
}

static int find_compiler(struct wasm_tools *tools, const char *command, struct ward_fault *fault)
{
        const char *usual[] = { "cc", "gcc", "clang" };
        if (!command)
                command = secure_getenv("WARD_CC");
        if (command) {
                tools->command = strdup(command);
                int r = tools->command ? split_command(tools, fault) : -WARD_FAULT_SYSTEM;
                if (r)
                        return r;
                tools->compiler = find_program(tools->words[0]);
                if (!tools->compiler)
                        return fault_set(fault, WARD_FAULT_COMPILE,
                                         "the C compiler '%s', which WARD_CC or the host's options name, was not found: install it "
                                         "(package gcc or clang), or name another",
                                         tools->words[0]);
                return 0;
        }
        for (size_t i = 0; i < COUNT_OF(usual) && !tools->compiler; i++) {
                tools->compiler = find_program(usual[i]);
                tools->words[0] = (char *)(uintptr_t)usual[i];
                tools->n_words = 1;
        }
        if (tools->compiler)
                return 0;
        return fault_set(
                fault, WARD_FAULT_COMPILE,
                "no C compiler was found (cc, gcc, clang), which WebAssembly add-ins need once each: install package gcc, or "
                "name one with WARD_CC");
}

/* Versions are told by size and time: asking the programs would take longer than loading an image does. */
static int identify(struct wasm_tools *tools, struct ward_fault *fault)
{
        const char *paths[] = { tools->wasm2c, tools->compiler };
        size_t len;
        FILE *out = open_memstream(&tools->identity, &len);
        if (!out)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot look for a C compiler");
        for (size_t i = 0; i < COUNT_OF(paths); i++) {
                struct stat st = { 0 };
                stat(paths[i], &st);
                fprintf(out, "%s %lld %lld.%09ld\n", paths[i], (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                        st.st_mtim.tv_nsec);
        }
        for (size_t i = 0; i < tools->n_words; i++)
                fprintf(out, "%s\n", tools->words[i]);
        for (size_t i = 0; i < COUNT_OF(flags); i++)
                fprintf(out, "%s\n", flags[i]);
        return fclose(out) ? fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot look for a C compiler") : 0;
}

int wasm_tools_find(const char *compiler, struct wasm_tools **ret_tools, struct ward_fault *fault)
{
        OWNED(wasm_tools_freep) struct wasm_tools *tools = calloc(1, sizeof *tools);
        if (!tools)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot look for a C compiler");
        tools->wasm2c = find_program("wasm2c");
        if (!tools->wasm2c)
                return fault_set(
                        fault, WARD_FAULT_COMPILE,
                        "the program wasm2c was not found, which WebAssembly add-ins need once each: install package wabt");
        int r = find_compiler(tools, compiler, fault);
        if (!r)
                r = identify(tools, fault);
        if (r)
                return r;
        *ret_tools = STEAL(tools);
        return 0;
}

const char *wasm_tools_identity(const struct wasm_tools *tools)
{
        return tools->identity;
}

/* --- Running them ----------------------------------------------------------------------------- */

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

/* The last lines of what a program said, as one line. */
static void read_tail(int log, char text[LOG_TAIL + 1])
{
        off_t size = lseek(log, 0, SEEK_END);
        ssize_t n = pread(log, text, LOG_TAIL, size > LOG_TAIL ? size - LOG_TAIL : 0);
        text[n > 0 ? n : 0] = 0;
        for (char *newline = text; (newline = strchr(newline, '\n'));)
                *newline = newline[1] ? ';' : 0;
}

static const char *environment_entry(const char *name, char *room, size_t size)
{
        const char *value = secure_getenv(name);
        return value && (size_t)snprintf(room, size, "%s=%s", name, value) < size ? room : NULL;
}

struct job {
        const char *what, *path;
        const char *const *argv;
        unsigned seconds;
};

static uint64_t memory_bytes(void)
{
        uint64_t half = (uint64_t)sysconf(_SC_PHYS_PAGES) / 2 * (uint64_t)sysconf(_SC_PAGESIZE) >> 20;
        return (half < MEMORY_LEAST_MIB ? MEMORY_LEAST_MIB : half > MEMORY_MIB ? MEMORY_MIB : half) << 20;
}

static int job_failed(const struct job *job, const char *name, int status, int log, struct ward_fault *fault)
{
        char text[LOG_TAIL + 1];
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
                return fault_set(fault, WARD_FAULT_COMPILE,
                                 "%s %s makes more than %d MiB of module '%s'; Ward takes no more: build the add-in with "
                                 "optimisation (-Os), or divide it",
                                 job->what, job->path, FILE_MIB, name);
        read_tail(log, text);
        return fault_set(fault, WARD_FAULT_COMPILE, "%s %s failed on module '%s' (%s %d): %s", job->what, job->path, name,
                         WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                         text);
}

/* Of the environment a program gets what finding its own parts may take, nothing that changes what it makes. clang would take
 * WASM_DEPTH_MAX nested blocks only when told to, by an option that gcc refuses: so it is told where gcc does not look. */
static int run(const struct job *job, int folder, const char *name, struct ward_fault *fault)
{
        char path[8192], library_path[8192];
        const char *env[6] = { "LC_ALL=C", "TMPDIR=.", NESTED_FOR_CLANG };
        size_t n = 3;
        int status = 0;
        OWNED(fd_closep) int log = openat(folder, "log", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (log < 0)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, errno, "cannot write to the cache folder");
        if ((env[n] = environment_entry("PATH", path, sizeof path)))
                n++;
        env[n] = environment_entry("LD_LIBRARY_PATH", library_path, sizeof library_path);
        const struct subprocess program = {
                job->path, job->argv, env, folder, log, job->seconds, (uint64_t)FILE_MIB << 20, memory_bytes(),
        };
        int r = subprocess_run(&program, &status);
        if (r == -ETIMEDOUT)
                return fault_set(fault, WARD_FAULT_COMPILE, "%s %s took more than %u s for module '%s'", job->what, job->path,
                                 job->seconds, name);
        if (r)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, -r, "cannot run %s %s", job->what, job->path);
        return status ? job_failed(job, name, status, log, fault) : 0;
}

static int run_wasm2c(const struct wasm_tools *tools, int folder, const char *name, struct ward_fault *fault)
{
        const char *argv[COUNT_OF(wasm2c_arguments) + 2] = { tools->wasm2c };
        memcpy(argv + 1, wasm2c_arguments, sizeof wasm2c_arguments);
        const struct job job = { "the translator", tools->wasm2c, argv, TRANSLATE_SECONDS };
        return run(&job, folder, name, fault);
}

static int run_compiler(const struct wasm_tools *tools, int folder, const char *name, struct ward_fault *fault)
{
        const char *argv[WORDS_MAX + COUNT_OF(flags) + 1] = { 0 };
        memcpy(argv, tools->words, tools->n_words * sizeof *argv);
        memcpy(argv + tools->n_words, flags, sizeof flags);
        const struct job job = { "the C compiler", tools->compiler, argv, COMPILE_SECONDS };
        int r = run(&job, folder, name, fault);
        if (!r && faccessat(folder, WASM_IMAGE_FILE, R_OK, 0) < 0)
                return fault_set(fault, WARD_FAULT_COMPILE, "%s made no " WASM_IMAGE_FILE " of module '%s': is it a C compiler?",
                                 tools->compiler, name);
        return r;
}

int wasm_translate(const struct wasm_tools *tools, int folder, struct ward_span module, const char *glue, const char *name,
                   struct ward_fault *fault)
{
        const struct wasm_recast_options recast = { .name = name };
        uint32_t parts;
        int r = write_file(folder, "image.wasm", module, fault);
        if (!r)
                r = write_file(folder, "wasm-rt.h", span_of(wasm_rt_text), fault);
        if (!r)
                r = write_file(folder, "glue.c", span_of(glue), fault);
        if (!r)
                r = run_wasm2c(tools, folder, name, fault);
        if (!r)
                r = wasm_recast(folder, &recast, &parts, fault);
        if (!r)
                r = run_compiler(tools, folder, name, fault);
        return r;
}
