/* How what was run has ended, and what that is for who waits for ward run. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "tool/run.h"

static int fault_status(const struct ward_fault *fault)
{
        switch (fault->kind) {
        case WARD_FAULT_SIGNAL:
                return RUN_SIGNAL + fault->signal;
        case WARD_FAULT_DEADLINE:
                return RUN_TIMEOUT;
        case WARD_FAULT_LIMIT:
                return RUN_LIMIT;
        case WARD_FAULT_MODULE:
                return RUN_NOT_RUN;
        default:
                return RUN_FAILED;
        }
}

int run_status(const struct run_outcome *outcome)
{
        switch (outcome->end) {
        case RUN_EXITED:
                return outcome->status & 0xff;
        case RUN_SIGNALLED:
                return RUN_SIGNAL + outcome->signal;
        case RUN_REFUSED:
                return outcome->absent ? RUN_NOT_FOUND : RUN_NOT_RUN;
        case RUN_FAULT:
                return fault_status(&outcome->fault);
        }
        return RUN_FAILED;
}

bool run_is_crash(const struct run_outcome *outcome)
{
        if (outcome->end != RUN_FAULT)
                return outcome->end == RUN_SIGNALLED;
        switch (outcome->fault.kind) {
        case WARD_FAULT_DEADLINE:
        case WARD_FAULT_REFUSED:
        case WARD_FAULT_MODULE:
        case WARD_FAULT_USAGE:
                return false;
        default:
                return true;
        }
}

void run_describe(const struct run_outcome *outcome, char *ret_text, size_t size)
{
        const char *name = outcome->end == RUN_SIGNALLED ? sigabbrev_np(outcome->signal) : NULL;
        switch (outcome->end) {
        case RUN_EXITED:
                snprintf(ret_text, size, "exited with status %d", outcome->status & 0xff);
                break;
        case RUN_SIGNALLED:
                snprintf(ret_text, size, "ended by SIG%s", name ? name : "?");
                break;
        case RUN_FAULT:
                snprintf(ret_text, size, "%s", outcome->fault.text);
                break;
        case RUN_REFUSED:
                snprintf(ret_text, size, "%s", outcome->text);
                break;
        }
}

/* A limit, and what else is no signal, is an abort. */
void run_die(const struct run_outcome *outcome)
{
        int number = outcome->signal ? outcome->signal : SIGABRT;
        struct rlimit none = { 0, 0 };
        sigset_t set;
        fflush(NULL);
        setrlimit(RLIMIT_CORE, &none);
        signal(number, SIG_DFL);
        sigemptyset(&set);
        sigaddset(&set, number);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        raise(number);
        _exit(RUN_SIGNAL + number);
}
