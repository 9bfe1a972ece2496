/* ward run: a function of a shared library, or a program, in a domain.
 *
 * 1. run_parse: what the command line says  2. run_find: what is to be run  3. run_attempt, as often as it is started  4.
 * run_finish
 *
 * One thread does all of it: what comes from the domain's pipes is printed before anything else is looked at, so that nothing of it
 * is lost, and a domain which floods waits for who reads. Only what Ward tells by on_event comes on other threads. */
#ifndef TOOL_RUN_H
#define TOOL_RUN_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <ward/event.h>
#include <ward/usage.h>

/* Exit statuses, beside that of what was run: as those of timeout(1) and env(1), where these have one. */
enum {
        RUN_LIMIT = 123,     /* it went over a limit */
        RUN_TIMEOUT = 124,   /* it took longer than --timeout */
        RUN_FAILED = 125,    /* ward run did, or its command line is wrong */
        RUN_NOT_RUN = 126,   /* what is there cannot be run */
        RUN_NOT_FOUND = 127, /* there is nothing of that name */
        RUN_SIGNAL = 128,    /* and its number: a signal ended it */
};

/* Texts that may be given again and again; NULL-terminated. */
struct least;

struct run_texts {
        const char **at;
        size_t n;
};

struct run_options {
        const char *target;
        char **arguments; /* behind it */
        int n_arguments;
        const char *name;
        enum ward_level level;
        struct ward_limits limits;
        struct ward_quota quota;
        uint32_t timeout_ms;
        bool restart;
        uint32_t restarts_max; /* 0: no end */
        bool die_on_crash;
        bool debug;
        bool json;
        bool no_tags;
        bool help;
        enum ward_log_level log_level; /* what is below is not told; NONE: nothing is */
        struct run_texts environment;
        struct run_texts passed;       /* NAME=NUMBER: descriptors of this process's */
        struct run_texts library_path; /* absolute; owned */
        struct run_texts allowed;      /* permissions */
        const char *policy;            /* a file with more of them; NULL: none */
        const char *record;            /* the file that a policy is to be written to; NULL: none */
};

/* False: no memory. */
bool run_texts_add(struct run_texts *texts, const char *text);

/* An exit status, RUN_FAILED with everything said; 0. */
int run_parse(int argc, char **argv, struct run_options *ret_options);
void run_options_free(struct run_options *options);
/* Whether the level lets it have nothing of this process's but what is given. */
bool run_is_confined(const struct run_options *options);
void run_usage(FILE *out);
void run_help(FILE *out);
/* run_policy.c: makes @level the stricter of it and of what the file says. RUN_FAILED with everything said. */
int run_policy_level(const char *path, enum ward_level *level);

/* run_values.c: sizes ("64M"), times ("1500ms", "2s", "5": milliseconds), shares ("20%"), numbers. False: it is none. */
bool run_read_size(const char *text, uint64_t *ret);
bool run_read_ms(const char *text, uint32_t *ret);
bool run_read_percent(const char *text, uint32_t *ret);
bool run_read_number(const char *text, uint64_t max, uint64_t *ret);

/* --- What is printed: run_print.c ------------------------------------------------------------- */

enum { RUN_LINE_MAX = 8192 }; /* what a line is cut into, to be shown */

struct run_printer {
        const struct run_options *options;
        const char *name;     /* of what is run */
        pthread_mutex_t lock; /* guards what follows, and what is written */
        struct run_line {
                char bytes[RUN_LINE_MAX];
                size_t len;
        } lines[2];          /* of its standard output, and error; not ended yet */
        struct least *least; /* what is recorded; NULL: nothing is */
        bool broken;         /* nobody reads any more */
};

void run_print_init(struct run_printer *printer, const struct run_options *options, const char *name);
/* What it has written to its stream 1 or 2. */
void run_print(struct run_printer *printer, int fd, const char *bytes, size_t len);
/* Nothing more will come: the rest is shown. */
void run_print_rest(struct run_printer *printer);
/* Ward's own words. */
void run_say(struct run_printer *printer, enum ward_log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* @printer, as host options take it. */
void run_on_event(void *data, const struct ward_event *event);

/* How an attempt ended. */
struct run_outcome {
        enum run_end {
                RUN_EXITED,
                RUN_SIGNALLED, /* a program; a function's signal is a fault */
                RUN_FAULT,
                RUN_REFUSED, /* it was not run: @text says why */
        } end;
        int status;  /* RUN_EXITED */
        int signal;  /* RUN_SIGNALLED, or a fault's */
        bool absent; /* RUN_REFUSED: there is no such thing */
        struct ward_fault fault;
        char text[WARD_FAULT_TEXT_MAX];
        double seconds;
        struct ward_usage usage; /* counted: 0 where it is not known */
};

void run_print_start(struct run_printer *printer, uint32_t attempt, long pid);
void run_print_end(struct run_printer *printer, uint32_t attempt, const struct run_outcome *outcome);
void run_print_restart(struct run_printer *printer, uint32_t attempt, uint32_t ms);

/* run_end.c */
int run_status(const struct run_outcome *outcome);
/* A signal, a limit or another fault; not what was not run, or took too long. */
bool run_is_crash(const struct run_outcome *outcome);
/* In words: "ended by SIGSEGV". */
void run_describe(const struct run_outcome *outcome, char *ret_text, size_t size);
/* Ends this process as what was run has ended: by that signal. Without a core dump. */
void run_die(const struct run_outcome *outcome) __attribute__((noreturn));

/* --- What is run ------------------------------------------------------------------------------ */

struct run_target {
        char *path;           /* owned */
        const char *function; /* NULL: a program */
        char *argv0;          /* owned: what it is told that it is called */
        char name[WARD_FAULT_NAME_MAX];
};

/* 0; or an exit status, with everything said. */
int run_find(const struct run_options *options, struct run_target *ret_target);
void run_target_free(struct run_target *target);

/* run_symbols.c: prints which functions the library has whose names are like @name, or some of them. */
void run_suggest(const char *path, const char *name, char *ret_text, size_t size);

/* run_grants.c: permissions and environment, with what a program needs to be executed. 0, or an exit status with everything said.
 */
struct run_grants {
        struct run_texts permissions;
        struct run_texts environment;
        struct run_texts owned; /* of these */
};
int run_grants_make(const struct run_options *options, const struct run_target *target, struct run_grants *ret_grants);
void run_grants_free(struct run_grants *grants);
enum { RUN_SCRIPTS_MAX = 4 }; /* that interpret each other, as the kernel has it */
/* Who the kernel executes for the program in file @path: a script's interpreter, or a loader. False: nobody. */
bool run_find_interpreter(const char *path, char ret_path[PATH_MAX]);
/* The interpreter that an ELF file asks for, or "". False: it is no such file, or a damaged one. */
bool run_read_interpreter(int fd, char ret_path[PATH_MAX]);

/* The libraries that the file @path needs, as far as they are found: for needed_finish. */
struct needed;
void run_find_libraries(const struct run_options *options, const char *path, struct needed *ret_needed);

/* run_attempt.c. @host: with run_on_event */
struct run {
        const struct run_options *options;
        const struct run_target *target;
        struct run_grants grants;
        struct run_printer printer;
        struct ward_host *host;
        char runner[PATH_MAX]; /* the add-in ward-run.so */
};

void run_attempt(struct run *run, uint32_t attempt, struct run_outcome *ret_outcome);

/* run_record.c, where options.record is set. 0, or an exit status with everything said. */
int run_record_start(struct run *run);
void run_record_act(struct run_printer *printer, const struct ward_event *event);
/* What was not run leaves the file as it is. */
int run_record_finish(struct run *run, bool was_run);

/* run_pump.c: the streams of one attempt. */
struct run_pump {
        struct run *run;
        int output[3]; /* read ends of 1 and 2; -1: not piped, or at its end. [0]: the write end of its input */
        int input;     /* what that is read from; -1: none */
        size_t at, len;
        char bytes[4096]; /* of the input, from @at on */
        struct ward_stream *streams[3];
};

/* Makes the pipes; @pump->streams are for the activation. 0, or -errno. */
int run_pump_open(struct run_pump *pump, struct run *run);
/* The streams were passed on. */
void run_pump_start(struct run_pump *pump);
/* Serves the streams, and the host, until *@done. */
void run_pump_until(struct run_pump *pump, const bool *done);
/* The domain is gone: what is left is printed; all is closed. */
void run_pump_finish(struct run_pump *pump);

/* run_debug.c: waits until a debugger has attached to process @pid, and lets it go on. False: it has ended before. */
bool run_wait_for_debugger(struct run *run, long pid);
/* The process that has sent the byte which waits on @socket (SO_PASSCRED), as this process knows it; 0: not known. */
long run_sender(int socket);

#endif
