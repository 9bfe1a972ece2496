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

/* Why WebAssembly code trapped. */
enum ward_trap {
        WARD_TRAP_NONE = 0,
        WARD_TRAP_MEMORY,      /* a load or store behind the end of the linear memory */
        WARD_TRAP_TABLE,       /* an entry behind the end of a table was read or written */
        WARD_TRAP_UNREACHABLE, /* abort(), a failed assertion, or what the compiler took for impossible */
        WARD_TRAP_DIVIDE_BY_ZERO,
        WARD_TRAP_OVERFLOW,       /* a quotient, or a floating-point number that was to be an integer, is too large for it */
        WARD_TRAP_CONVERSION,     /* what is not a number was to be an integer */
        WARD_TRAP_CALL_UNDEFINED, /* a call through a pointer that is behind the table's end, */
        WARD_TRAP_CALL_NULL,      /* of a null pointer, */
        WARD_TRAP_CALL_TYPE,      /* of a function with another signature */
        WARD_TRAP_STACK,          /* calls nested too deep */
};

enum {
        WARD_FAULT_NAME_MAX = 64,
        WARD_FAULT_TEXT_MAX = 768,
        WARD_FAULT_BACKTRACE_MAX = 2048,
};

/* A report. All texts are NUL-terminated, printable UTF-8: what came from an add-in was bounded and escaped. */
struct ward_fault {
        enum ward_fault_kind kind;
        int signal;                         /* WARD_FAULT_SIGNAL: its number, else 0 */
        int status;                         /* WARD_FAULT_EXIT: the exit status */
        int error;                          /* errno where the system refused, else 0 */
        enum ward_trap trap;                /* WARD_FAULT_TRAP: which one, else WARD_TRAP_NONE */
        uint64_t address;                   /* WARD_FAULT_SIGNAL: the address that faulted; WARD_TRAP_MEMORY: what a load or
                                             * store was to reach in the linear memory; else 0 */
        uint64_t offset;                    /* WARD_FAULT_TRAP: of the instruction, in bytes from the module's start, as
                                             * wasm-objdump counts them; 0: not known */
        char addin[WARD_FAULT_NAME_MAX];    /* the add-in's name */
        char domain[WARD_FAULT_NAME_MAX];   /* the domain's friendly name */
        char function[WARD_FAULT_NAME_MAX]; /* the function that was being called, or empty */
        char text[WARD_FAULT_TEXT_MAX];     /* one line for a person: what, who, and what to do about it */
        /* One frame a line, innermost first, or empty. Of WebAssembly: "#0 name (file.c:12) +0x1a3", where the last number is the
         * offset in the module, of the instruction or of the call; without the part in brackets where the module has no
         * debugging information, and "function 17" for a name where it has none. */
        char backtrace[WARD_FAULT_BACKTRACE_MAX];
};

/* The kind's standard name: "signal", "trap", … Never NULL. Thread-safe. */
__attribute__((visibility("default"))) const char *ward_fault_kind_name(enum ward_fault_kind kind);

/* The trap's standard name: "out of bounds memory access", … Never NULL. Thread-safe. */
__attribute__((visibility("default"))) const char *ward_trap_name(enum ward_trap trap);

#ifdef __cplusplus
}
#endif
#endif
