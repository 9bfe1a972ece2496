#include "wasm/jobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/folder.h"

enum {
        LOG_TAIL = 500,
        PARALLEL_MAX = 64,
        /* wasm2c may write 700 bytes for one of a branch table. Far below this the compiler's time is up. */
        FILE_MIB = 256,
        SCRATCH_MIB = FILE_MIB + 64, /* so that it is the file that grows too large */
        SCRATCH_FILES = 1024,
        /* The compiler takes about 150 bytes for one of the translated module. */
        MEMORY_MIB = 8192,
        MEMORY_LEAST_MIB = 1024, /* what smaller machines let it have: else half of what there is */
        MEMORY_USUAL_MIB = 512,  /* what it takes seldom more than: as many at once as the machine has that */
        PROCESSES = 512,         /* linkers start a thread for each processor */
        NOT_FOUND = 127,         /* a shell's status for a program that is not there */
};

/* More than WASM_DEPTH_MAX, and what encloses those. */
#define NESTED_FOR_CLANG "CCC_OVERRIDE_OPTIONS=#+-fbracket-depth=1024"

#define CONFINED                                                                                                                   \
        "it runs confined: it sees the system's programs and libraries, the folder it was installed in and absolute paths in "     \
        "its command"

/* --- Around a build ---------------------------------------------------------------------------- */

static int add_variable(struct wasm_jobs *jobs, size_t *n, const char *name)
{
        const char *value = secure_getenv(name);
        if (!value)
                return 0;
        if (asprintf(&jobs->environment[*n], "%s=%s", name, value) < 0) {
                jobs->environment[*n] = NULL;
                return -ENOMEM;
        }
        ++*n;
        return 0;
}

/* Of the environment a program gets what finding its own parts may take, nothing that changes what it makes. clang would take
 * WASM_DEPTH_MAX nested blocks only when told to, by an option that gcc refuses: so it is told where gcc does not look. Where the
 * compiler is ccache, it must not look for its own folder. */
static int make_environment(struct wasm_jobs *jobs)
{
        static const char *const fixed[] = { "LC_ALL=C", NESTED_FOR_CLANG, "HOME=/nonexistent", "CCACHE_DISABLE=1" };
        size_t n = 0;
        for (; n < COUNT_OF(fixed); n++) {
                jobs->environment[n] = strdup(fixed[n]);
                if (!jobs->environment[n])
                        return -ENOMEM;
        }
        int r = add_variable(jobs, &n, "PATH");
        return r ? r : add_variable(jobs, &n, "LD_LIBRARY_PATH");
}

int wasm_jobs_begin(const struct wasm_tools *tools, int folder, const char *name, struct wasm_jobs *ret_jobs,
                    struct ward_fault *fault)
{
        *ret_jobs = (struct wasm_jobs){ .folder = folder, .name = name, .held = CONFINEMENT_ALL };
        int r = confinement_init(&ret_jobs->confinement);
        if (!r)
                r = wasm_grants_make(tools, &ret_jobs->grants);
        if (!r)
                r = make_environment(ret_jobs);
        if (r) {
                wasm_jobs_end(ret_jobs);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot confine the C compiler");
        }
        return 0;
}

void wasm_jobs_end(struct wasm_jobs *jobs)
{
        for (size_t i = 0; i < COUNT_OF(jobs->environment); i++)
                free(jobs->environment[i]);
        wasm_grants_finish(&jobs->grants);
        confinement_finish(&jobs->confinement);
}

/* --- One job ---------------------------------------------------------------------------------- */

struct run {
        const struct wasm_job *job;
        struct subprocess_running process;
        int log;
};

static uint64_t machine_mib(void)
{
        return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) >> 20;
}

static uint64_t memory_bytes(void)
{
        uint64_t half = machine_mib() / 2;
        return (half < MEMORY_LEAST_MIB ? MEMORY_LEAST_MIB : half > MEMORY_MIB ? MEMORY_MIB : half) << 20;
}

/* What a program said last, as one line. */
static void read_tail(int log, char text[LOG_TAIL + 1])
{
        off_t size = lseek(log, 0, SEEK_END);
        ssize_t n = pread(log, text, LOG_TAIL, size > LOG_TAIL ? size - LOG_TAIL : 0);
        text[n > 0 ? n : 0] = 0;
        for (char *newline = text; (newline = strchr(newline, '\n'));)
                *newline = newline[1] ? ';' : 0;
}

static int job_failed(const struct wasm_jobs *jobs, const struct run *run, int status, struct ward_fault *fault)
{
        const struct wasm_job *job = run->job;
        char text[LOG_TAIL + 1];
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
                return fault_set(fault, WARD_FAULT_COMPILE,
                                 "%s %s makes more than %d MiB of module '%s'; Ward takes no more: build the add-in with "
                                 "optimisation (-Os), or divide it",
                                 job->what, job->path, FILE_MIB, jobs->name);
        read_tail(run->log, text);
        bool hint = WIFEXITED(status) && WEXITSTATUS(status) >= NOT_FOUND - 1;
        return fault_set(fault, WARD_FAULT_COMPILE, "%s %s failed on module '%s' (%s %d): %s%s%s", job->what, job->path, jobs->name,
                         WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                         text, hint ? "; " : "", hint ? CONFINED : "");
}

static int job_not_run(const struct wasm_jobs *jobs, const struct run *run, int error, struct ward_fault *fault)
{
        const struct wasm_job *job = run->job;
        if (error == ETIMEDOUT)
                return fault_set(fault, WARD_FAULT_COMPILE, "%s %s took more than %u s for module '%s'", job->what, job->path,
                                 job->seconds, jobs->name);
        if (error == EDQUOT)
                return fault_set(fault, WARD_FAULT_COMPILE, "%s %s wrote more than %d MiB or %d files for module '%s'", job->what,
                                 job->path, SCRATCH_MIB, SCRATCH_FILES, jobs->name);
        if (error == ECHILD)
                return fault_set(fault, WARD_FAULT_COMPILE,
                                 "%s %s was ended by the system while it worked on module '%s', as for lack of memory", job->what,
                                 job->path, jobs->name);
        return fault_set_errno(fault, WARD_FAULT_COMPILE, error, "cannot run %s %s (" CONFINED ")", job->what, job->path);
}

static int open_log(int folder)
{
        int log = openat(folder, "log", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (log >= 0)
                unlinkat(folder, "log", 0);
        return log;
}

static int open_outputs(const struct wasm_jobs *jobs, const struct wasm_job *job, struct subprocess_output *outputs, size_t *n)
{
        for (; *n < SUBPROCESS_OUTPUTS_MAX && job->makes[*n]; ++*n) {
                outputs[*n].name = job->makes[*n];
                outputs[*n].fd = openat(jobs->folder, job->makes[*n], O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
                if (outputs[*n].fd < 0)
                        return -errno;
        }
        return 0;
}

static int start_within(struct wasm_jobs *jobs, struct run *run, const struct subprocess_output *outputs, size_t n)
{
        char temporary[64];
        const char *environment[COUNT_OF(jobs->environment) + 1] = { temporary };
        snprintf(temporary, sizeof temporary, "TMPDIR=%s", run->job->scratch);
        memcpy(environment + 1, jobs->environment, sizeof jobs->environment);
        jobs->confinement.root = (struct sandbox_root){
                .grants = jobs->grants.at,
                .n_grants = jobs->grants.n,
                .scratch = run->job->scratch,
                .scratch_bytes = (uint64_t)SCRATCH_MIB << 20,
                .scratch_files = SCRATCH_FILES,
        };
        const struct subprocess program = {
                .path = run->job->path,
                .argv = run->job->argv,
                .envp = environment,
                .folder = jobs->folder,
                .log = run->log,
                .seconds = run->job->seconds,
                .file_bytes = (uint64_t)FILE_MIB << 20,
                .memory_bytes = memory_bytes(),
                .processes = PROCESSES,
                .confinement = &jobs->confinement,
                .outputs = outputs,
                .n_outputs = n,
        };
        if (mkdirat(jobs->folder, run->job->scratch, S_IRWXU) < 0)
                return -errno;
        return subprocess_start(&program, &run->process);
}

static int start_job(struct wasm_jobs *jobs, const struct wasm_job *job, struct run *run, struct ward_fault *fault)
{
        struct subprocess_output outputs[SUBPROCESS_OUTPUTS_MAX];
        size_t n = 0;
        *run = (struct run){ .job = job, .log = open_log(jobs->folder) };
        if (run->log < 0)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, errno, "cannot write to the cache folder");
        int r = open_outputs(jobs, job, outputs, &n);
        if (!r)
                r = start_within(jobs, run, outputs, n);
        while (n)
                close(outputs[--n].fd);
        if (!r)
                return 0;
        r = job_not_run(jobs, run, -r, fault);
        close(run->log);
        return r;
}

static int finish_job(struct wasm_jobs *jobs, struct run *run, struct ward_fault *fault)
{
        struct subprocess_end end = { 0 };
        int r = subprocess_finish(&run->process, &end);
        jobs->held &= end.held;
        if (r)
                r = job_not_run(jobs, run, -r, fault);
        else if (end.status)
                r = job_failed(jobs, run, end.status, fault);
        folder_remove(jobs->folder, run->job->scratch);
        close(run->log);
        return r;
}

static void abandon_job(const struct wasm_jobs *jobs, struct run *run)
{
        subprocess_abandon(&run->process);
        folder_remove(jobs->folder, run->job->scratch);
        close(run->log);
}

/* --- Several ---------------------------------------------------------------------------------- */

static size_t parallel(size_t n)
{
        cpu_set_t set;
        size_t processors = sched_getaffinity(0, sizeof set, &set) < 0 ? 1 : (size_t)CPU_COUNT(&set);
        size_t memories = machine_mib() / MEMORY_USUAL_MIB;
        size_t most = processors < memories ? processors : memories;
        most = most > PARALLEL_MAX ? PARALLEL_MAX : most ? most : 1;
        return most < n ? most : n;
}

static size_t wait_for_one(const struct run *runs, size_t n)
{
        struct pollfd fds[PARALLEL_MAX];
        for (size_t i = 0; i < n; i++)
                fds[i] = (struct pollfd){ .fd = runs[i].process.fd, .events = POLLIN };
        while (poll(fds, (nfds_t)n, -1) < 0 && errno == EINTR)
                ;
        for (size_t i = 0; i < n; i++)
                if (fds[i].revents)
                        return i;
        return 0;
}

/* Where the host is user 0, jobs are not: they are let in here, as others are that get as far as this folder. */
static int let_in(int folder)
{
        return geteuid() || (!fchmod(folder, 0755) && !folder_each(folder, folder_open_to_all)) ? 0 : -errno;
}

int wasm_jobs_run(struct wasm_jobs *jobs, const struct wasm_job *all, size_t n, wasm_job_done done, void *data,
                  struct ward_fault *fault)
{
        struct run runs[PARALLEL_MAX];
        size_t most = parallel(n), running = 0, started = 0, ended = 0;
        int r = let_in(jobs->folder);
        if (r)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, -r, "cannot write to the cache folder");
        while (!r && ended < n) {
                if (started < n && running < most) {
                        r = start_job(jobs, &all[started++], &runs[running], fault);
                        running += !r;
                        continue;
                }
                size_t first = wait_for_one(runs, running);
                r = finish_job(jobs, &runs[first], fault);
                runs[first] = runs[--running];
                if (!r && done)
                        done(data, ++ended, n);
                else
                        ended++;
        }
        while (running)
                abandon_job(jobs, &runs[--running]);
        return r;
}
