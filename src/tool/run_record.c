/* What was observed, and the least policy that allows it. Acts are told on Ward's own thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"
#include "native/needed.h"
#include "policy/least.h"
#include "tool/run.h"

static const char *const acts[LEAST_ACTS] = {
        [LEAST_READ] = "read",       [LEAST_LIST] = "list",       [LEAST_WRITE] = "write", [LEAST_CREATE] = "create",
        [LEAST_EXECUTE] = "execute", [LEAST_CONNECT] = "connect", [LEAST_FORK] = "fork",
};

/* A library brings along what it needs, at any level; the list of libraries is read only where its loader looks for that. */
static struct least *start(struct run *run)
{
        struct run_texts left_out = { NULL, 0 };
        OWNED(needed_finish) struct needed needed = { 0 };
        bool good = run_texts_add(&left_out, run->runner) && run_texts_add(&left_out, run->target->path);
        if (run->target->function) {
                run_find_libraries(run->options, run->target->path, &needed);
                good = good && run_texts_add(&left_out, "/etc/ld.so.cache");
        }
        for (size_t i = 0; good && i < needed.n; i++)
                good = run_texts_add(&left_out, needed.files[i].path);
        struct least *least = good ? least_new(left_out.at) : NULL;
        free(left_out.at);
        return least;
}

int run_record_start(struct run *run)
{
        if (!run->options->record)
                return 0;
        run->printer.least = start(run);
        if (run->printer.least)
                return 0;
        fputs("ward run: no memory to record a policy\n", stderr);
        return RUN_FAILED;
}

void run_record_act(struct run_printer *printer, const struct ward_event *event)
{
        for (size_t i = 0; printer->least && i < COUNT_OF(acts); i++) {
                if (strcmp(event->operation, acts[i]) != 0)
                        continue;
                pthread_mutex_lock(&printer->lock);
                least_add(printer->least, (enum least_act)i, event->subject);
                pthread_mutex_unlock(&printer->lock);
        }
}

/* Programs look for files in many places. */
static bool is_there(void *data, const char *path)
{
        return !access(path, F_OK);
}

/* A folder that was looked at or entered, and not listed, is there where anything below it is granted. */
static bool is_file(void *data, const char *path)
{
        struct stat st;
        return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

/* The C library asks for daemons that few machines have. */
static bool is_served(void *data, const char *address)
{
        return strncmp(address, "unix:/", 6) != 0 || !access(address + 5, F_OK);
}

static bool collect(void *data, const char *path)
{
        char *copy = strdup(path);
        if (copy && !run_texts_add(data, copy))
                free(copy);
        return true;
}

/* Whom the kernel executed for a program, no system call said. */
static void add_interpreters(struct least *least)
{
        struct run_texts programs = { NULL, 0 };
        char at[PATH_MAX], interpreter[PATH_MAX];
        least_keep(least, LEAST_EXECUTE, is_there, NULL);
        least_keep(least, LEAST_EXECUTE, collect, &programs);
        for (size_t i = 0; i < programs.n; i++) {
                snprintf(at, sizeof at, "%s", programs.at[i]);
                for (int n = 0; n <= RUN_SCRIPTS_MAX && run_find_interpreter(at, interpreter); n++) {
                        least_add(least, LEAST_EXECUTE, interpreter);
                        memcpy(at, interpreter, sizeof at);
                }
                free((char *)(uintptr_t)programs.at[i]);
        }
        free(programs.at);
}

static int write_policy(struct least *least, const char *path)
{
        FILE *out = fopen(path, "we");
        if (!out)
                return -errno;
        least_keep(least, LEAST_READ, is_file, NULL);
        least_keep(least, LEAST_CONNECT, is_served, NULL);
        add_interpreters(least);
        int r = least_print(least, out);
        if (fclose(out) && !r)
                r = -errno;
        return r;
}

int run_record_finish(struct run *run, bool was_run)
{
        const char *path = run->options->record;
        int r = run->printer.least && was_run ? write_policy(run->printer.least, path) : 0;
        if (r)
                fprintf(stderr, "ward run: cannot write the policy '%s': %s\n", path, strerror(-r));
        run->printer.least = least_free(run->printer.least);
        return r ? RUN_FAILED : 0;
}
