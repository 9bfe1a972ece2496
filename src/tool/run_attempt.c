/* One start of what is run, from its domain's beginning to that one's end. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <ward/buffer.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "tool/run.h"
#include "tool/runner_host.h"

struct attempt {
        struct run *run;
        struct runner *runner;
        struct run_pump pump;
        struct run_outcome *outcome;
        long pid;
        bool done;
};

static int refuse(struct attempt *attempt, const struct ward_fault *fault)
{
        attempt->outcome->end = RUN_FAULT;
        attempt->outcome->fault = *fault;
        return -1;
}

/* Takes what @failure holds. */
static int fail(struct attempt *attempt, runner_failure_t *failure)
{
        struct run_outcome *outcome = attempt->outcome;
        outcome->end = RUN_REFUSED;
        outcome->absent = failure->missing;
        text_escape(outcome->text, sizeof outcome->text, (const char *)failure->text.ptr, failure->text.len, false);
        runner_failure_free(failure);
        return -1;
}

static runner_bytes_t bytes_of(const char *text)
{
        return (runner_bytes_t){ (uint8_t *)(uintptr_t)text, strlen(text) };
}

/* --- Begun calls, with the streams served meanwhile ------------------------------------------- */

static void on_done(void *data, struct ward_pending *pending)
{
        struct attempt *attempt = data;
        attempt->done = true;
}

static void await(struct attempt *attempt, struct ward_pending *pending)
{
        attempt->done = false;
        ward_pending_on_done(pending, on_done, attempt);
        run_pump_until(&attempt->pump, &attempt->done);
}

/* The frames of the add-in that has called it say nothing to who looks at it; none of them is the first. */
static void hide_runner(char *backtrace)
{
        char *frame = strstr(backtrace, "\nexports_runner_");
        if (frame)
                frame[1] = 0;
}

/* exit() ends the worker with that status: for a function of the form of main as good as returning it. */
static void take_fault(struct attempt *attempt, const struct ward_fault *fault)
{
        struct run_outcome *outcome = attempt->outcome;
        refuse(attempt, fault);
        hide_runner(outcome->fault.backtrace);
        outcome->signal = fault->signal;
        if (fault->kind != WARD_FAULT_EXIT)
                return;
        outcome->end = RUN_EXITED;
        outcome->status = fault->status;
}

/* --- What is run ------------------------------------------------------------------------------ */

static int find(struct attempt *attempt)
{
        const struct run_target *target = attempt->run->target;
        const runner_bytes_t path = bytes_of(target->path);
        struct runner_find_pending *pending;
        struct ward_fault fault;
        runner_failure_t failure;
        runner_string_t function;
        runner_string_set(&function, target->function);
        if (runner_find_begin(attempt->runner, &path, &function, &pending, &fault))
                return refuse(attempt, &fault);
        await(attempt, runner_find_pending(pending));
        int r = runner_find_finish(pending, &failure, &fault);
        if (r < 0)
                return take_fault(attempt, &fault), -1;
        if (!r)
                return 0;
        fail(attempt, &failure);
        size_t len = strlen(attempt->outcome->text);
        if (attempt->outcome->absent)
                run_suggest(target->path, target->function, attempt->outcome->text + len, sizeof attempt->outcome->text - len);
        return -1;
}

static void call(struct attempt *attempt, const runner_list_bytes_t *arguments)
{
        struct runner_call_pending *pending;
        struct ward_fault fault;
        attempt->outcome->end = RUN_EXITED;
        int r = runner_call_begin(attempt->runner, arguments, &pending, &fault);
        if (!r) {
                await(attempt, runner_call_pending(pending));
                r = runner_call_finish(pending, &attempt->outcome->status, &fault);
        }
        if (r)
                take_fault(attempt, &fault);
}

static void execute(struct attempt *attempt, const runner_list_bytes_t *arguments)
{
        const runner_bytes_t path = bytes_of(attempt->run->target->path);
        struct run_outcome *outcome = attempt->outcome;
        struct runner_execute_pending *pending;
        runner_ending_t ending = { .tag = RUNNER_ENDING_EXITED };
        struct ward_fault fault;
        runner_failure_t failure;
        int r = runner_execute_begin(attempt->runner, &path, arguments, &pending, &fault);
        if (!r) {
                await(attempt, runner_execute_pending(pending));
                r = runner_execute_finish(pending, &ending, &failure, &fault);
        }
        outcome->end = ending.tag == RUNNER_ENDING_SIGNALLED ? RUN_SIGNALLED : RUN_EXITED;
        outcome->status = ending.tag == RUNNER_ENDING_EXITED ? ending.val.exited : 0;
        outcome->signal = ending.tag == RUNNER_ENDING_SIGNALLED ? ending.val.signalled & 0x7f : 0;
        if (r > 0)
                fail(attempt, &failure);
        else if (r)
                take_fault(attempt, &fault);
}

static int run_it(struct attempt *attempt)
{
        const struct run_options *options = attempt->run->options;
        size_t n = (size_t)options->n_arguments + 1;
        OWNED(freep) runner_bytes_t *at = calloc(n, sizeof *at);
        if (!at)
                return -ENOMEM;
        at[0] = bytes_of(attempt->run->target->argv0);
        for (size_t i = 1; i < n; i++)
                at[i] = bytes_of(options->arguments[i - 1]);
        const runner_list_bytes_t arguments = { at, n };
        runner_set_deadline(attempt->runner, options->timeout_ms);
        if (attempt->run->target->function)
                call(attempt, &arguments);
        else
                execute(attempt, &arguments);
        return 0;
}

/* --- Before that ------------------------------------------------------------------------------ */

/* Has the add-in write to a socket: the kernel says who that was. A domain in which nobody may write runs nevertheless. */
static void meet(struct attempt *attempt)
{
        int pair[2], yes = 1;
        struct ward_stream *stream;
        bool written;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return;
        setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
        if (!ward_stream_new(pair[1], &stream)) {
                if (!runner_present(attempt->runner, stream, &written, NULL) && written)
                        attempt->pid = run_sender(pair[0]);
                ward_stream_release(stream);
        }
        fd_close(pair[0]);
}

/* @text: NAME=FD */
static int pass(struct attempt *attempt, const char *text)
{
        size_t len = strcspn(text, "=");
        runner_string_t name = { (uint8_t *)(uintptr_t)text, len };
        struct ward_stream *stream;
        struct ward_fault fault;
        runner_failure_t failure;
        int32_t number;
        int fd = fcntl(atoi(text + len + 1), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        int r = fd < 0 ? -errno : ward_stream_new(fd, &stream);
        if (r < 0) {
                attempt->outcome->end = RUN_REFUSED;
                snprintf(attempt->outcome->text, sizeof attempt->outcome->text, "cannot pass descriptor %s: %s", text + len + 1,
                         strerror(-r));
                return -1;
        }
        r = runner_keep(attempt->runner, &name, stream, &number, &failure, &fault);
        return r < 0 ? refuse(attempt, &fault) : r ? fail(attempt, &failure) : 0;
}

/* Where the user is, if it may be there: at level intranet, where something there is granted. */
static int enter(struct attempt *attempt)
{
        const struct run_options *options = attempt->run->options;
        OWNED(freep) char *folder = getcwd(NULL, 0);
        struct ward_fault fault;
        runner_failure_t failure;
        if (!folder || options->level == WARD_LEVEL_INTERNET)
                return 0;
        const runner_bytes_t path = bytes_of(folder);
        int r = runner_enter(attempt->runner, &path, &failure, &fault);
        if (r > 0 && run_is_confined(options))
                return runner_failure_free(&failure), 0;
        return r < 0 ? refuse(attempt, &fault) : r ? fail(attempt, &failure) : 0;
}

static int prepare(struct attempt *attempt)
{
        const struct run_texts *passed = &attempt->run->options->passed;
        int r = enter(attempt);
        for (size_t i = 0; !r && i < passed->n; i++)
                r = pass(attempt, passed->at[i]);
        if (!r && attempt->run->target->function)
                r = find(attempt);
        if (!r && attempt->run->options->debug && !run_is_confined(attempt->run->options))
                runner_expose(attempt->runner, NULL);
        if (!r && attempt->run->options->debug && !run_wait_for_debugger(attempt->run, attempt->pid)) {
                attempt->outcome->end = RUN_REFUSED;
                snprintf(attempt->outcome->text, sizeof attempt->outcome->text, "it ended before a debugger came");
                r = -1;
        }
        return r;
}

static int activate(struct attempt *attempt)
{
        struct run *run = attempt->run;
        const struct run_options *options = run->options;
        struct ward_activate_options activation = {
                .size = sizeof activation,
                .isolation = WARD_PROCESS,
                .level = options->level,
                .name = run->target->name,
                .environment = run->grants.environment.at,
                .limits = options->limits,
                .quota = &options->quota,
                .streams = attempt->pump.streams,
                .library_path = options->library_path.at,
                .permissions = run->grants.permissions.at,
                .policy = options->policy,
                .record = options->record,
        };
        /* There it can open nothing that it was not told of before, and only Ward knows the folders. Elsewhere it loads the library
         * itself, with its streams served. */
        bool told = run_is_confined(options) || options->library_path.n;
        const char *const libraries[] = { told ? run->target->path : NULL, NULL };
        struct ward_fault fault;
        if (run->target->function)
                activation.libraries = libraries;
        if (runner_activate(run->host, run->runner, &activation, NULL, &attempt->runner, &fault))
                return refuse(attempt, &fault);
        run_pump_start(&attempt->pump);
        return 0;
}

void run_attempt(struct run *run, uint32_t number, struct run_outcome *ret_outcome)
{
        struct attempt attempt = { .run = run, .outcome = ret_outcome };
        uint64_t begin = clock_now();
        *ret_outcome = (struct run_outcome){ .end = RUN_REFUSED, .usage.size = sizeof ret_outcome->usage };
        int r = run_pump_open(&attempt.pump, run);
        if (r)
                snprintf(ret_outcome->text, sizeof ret_outcome->text, "cannot make its streams: %s", strerror(-r));
        else
                r = activate(&attempt);
        if (!r) {
                meet(&attempt);
                run_print_start(&run->printer, number, attempt.pid);
                r = prepare(&attempt);
        }
        if (!r)
                run_it(&attempt);
        if (attempt.runner)
                ward_domain_usage(runner_domain(attempt.runner), &ret_outcome->usage, NULL);
        runner_release(attempt.runner);
        run_pump_finish(&attempt.pump);
        ret_outcome->seconds = (double)(clock_now() - begin) / 1e9;
        run_print_end(&run->printer, number, ret_outcome);
}
