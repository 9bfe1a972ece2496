/* Faults: what Ward tells the host when an add-in, or the way to it, fails.
 *
 * 1. struct ward_fault fault;
 * 2. if (calculator_operate(c, …, &fault) < 0)
 * 3.         fprintf(stderr, "%s\n", fault.text);
 *
 * A fault is a plain struct of the caller's, owned by nobody else: nothing in it is to be freed. It is written only when
 * a function returns a negative value. Every function that takes one takes NULL as well. */
#ifndef WARD_FAULT_H
#define WARD_FAULT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong. A function that fails returns the negative of one of these. */
enum ward_fault_kind {
        WARD_FAULT_NONE = 0,
        WARD_FAULT_SIGNAL,    /* the add-in's process died of a signal */
        WARD_FAULT_TRAP,      /* WebAssembly code trapped */
        WARD_FAULT_DEADLINE,  /* the call did not end in its time; it was ended */
        WARD_FAULT_LIMIT,     /* a limit was reached: memory, arena, nesting */
        WARD_FAULT_PROTOCOL,  /* the add-in sent something that its contract does not allow */
        WARD_FAULT_EXIT,      /* the add-in ended its process, or called exit */
        WARD_FAULT_UNLOADED,  /* the domain is gone */
        WARD_FAULT_REFUSED,   /* policy: a security level that cannot be held, or an act that is not allowed */
        WARD_FAULT_MODULE,    /* the module is missing, cut short, hostile or not a module */
        WARD_FAULT_CONTRACT,  /* the module does not implement the contract, or another version of it */
        WARD_FAULT_COMPILE,   /* a WebAssembly module could not be translated: no compiler, no cache */
        WARD_FAULT_SYSTEM,    /* the system refused: no memory, no processes, no worker program */
        WARD_FAULT_USAGE,     /* the host passed something that makes no sense */
        WARD_FAULT_CANCELLED, /* a begun call that the host did not want any more */
};

enum {
        WARD_FAULT_NAME_MAX = 64,
        WARD_FAULT_TEXT_MAX = 768,
        WARD_FAULT_BACKTRACE_MAX = 2048,
};

/* A report. All texts are NUL-terminated, printable UTF-8: what came from an add-in was bounded and escaped. */
struct ward_fault {
        enum ward_fault_kind kind;
        int signal;                               /* WARD_FAULT_SIGNAL: its number, else 0 */
        int status;                               /* WARD_FAULT_EXIT: the exit status */
        int error;                                /* errno where the system refused, else 0 */
        uint64_t address;                         /* WARD_FAULT_SIGNAL: the address that faulted */
        char addin[WARD_FAULT_NAME_MAX];          /* the add-in's name */
        char domain[WARD_FAULT_NAME_MAX];         /* the domain's friendly name */
        char function[WARD_FAULT_NAME_MAX];       /* the function that was being called, or empty */
        char text[WARD_FAULT_TEXT_MAX];           /* one line for a person: what, who, and what to do about it */
        char backtrace[WARD_FAULT_BACKTRACE_MAX]; /* one frame a line, innermost first, or empty */
};

/* The kind's standard name: "signal", "trap", … Never NULL. Thread-safe. */
__attribute__((visibility("default"))) const char *ward_fault_kind_name(enum ward_fault_kind kind);

#ifdef __cplusplus
}
#endif
#endif
