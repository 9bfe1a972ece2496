/* What was observed, and the least policy that allows it. Acts are told on Ward's own thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/own.h"
#include "policy/least.h"
#include "tool/run.h"

static const char *const acts[LEAST_ACTS] = {
        [LEAST_READ] = "read",       [LEAST_LIST] = "list",       [LEAST_WRITE] = "write", [LEAST_CREATE] = "create",
        [LEAST_EXECUTE] = "execute", [LEAST_CONNECT] = "connect", [LEAST_FORK] = "fork",
};

int run_record_start(struct run *run)
{
        const char *const left_out[] = { run->runner, run->target->path, NULL };
        if (!run->options->record)
                return 0;
        run->printer.folder = getcwd(NULL, 0);
        run->printer.least = least_new(left_out);
        if (run->printer.least)
                return 0;
        fputs("ward run: no memory to record a policy\n", stderr);
        return RUN_FAILED;
}

/* That it is made the working directory; listing it is another. */
static bool is_entering(const struct run_printer *printer, const struct ward_event *event)
{
        return printer->folder && !strcmp(event->operation, acts[LEAST_READ]) && !strcmp(event->subject, printer->folder);
}

void run_record_act(struct run_printer *printer, const struct ward_event *event)
{
        for (size_t i = 0; printer->least && i < COUNT_OF(acts); i++) {
                if (strcmp(event->operation, acts[i]) != 0 || is_entering(printer, event))
                        continue;
                pthread_mutex_lock(&printer->lock);
                least_add(printer->least, (enum least_act)i, event->subject);
                pthread_mutex_unlock(&printer->lock);
        }
}

static int write_policy(const struct least *least, const char *path)
{
        FILE *out = fopen(path, "we");
        if (!out)
                return -errno;
        int r = least_print(least, out);
        if (fclose(out) && !r)
                r = -errno;
        return r;
}

int run_record_finish(struct run *run)
{
        const char *path = run->options->record;
        int r = run->printer.least ? write_policy(run->printer.least, path) : 0;
        if (r)
                fprintf(stderr, "ward run: cannot write the policy '%s': %s\n", path, strerror(-r));
        run->printer.least = least_free(run->printer.least);
        free(run->printer.folder);
        run->printer.folder = NULL;
        return r ? RUN_FAILED : 0;
}
