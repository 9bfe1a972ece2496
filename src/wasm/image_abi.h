/* What an image (a module compiled to a shared library) and the runtime know of each other. Compiled into both: libward, and,
 * as part of wasm-rt.h, every image. A change here is a new WASM_IMAGE_ABI; images of another one are built anew.
 *
 * An image holds code and constants only. All that changes is in instances, which the runtime allocates, each with a struct
 * wasm_head right before it; the image reaches the runtime through a table of functions that it is given once, when it is loaded.
 */
#ifndef WASM_IMAGE_ABI_H
#define WASM_IMAGE_ABI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WASM_IMAGE_ABI    4
#define WASM_IMAGE_SYMBOL "ward_image_4"

/* wasm2c's numbers of traps, and behind them Ward's own. */
enum wasm_trap {
        WASM_TRAP_NONE,
        WASM_TRAP_OOB,
        WASM_TRAP_INT_OVERFLOW,
        WASM_TRAP_DIV_BY_ZERO,
        WASM_TRAP_INVALID_CONVERSION,
        WASM_TRAP_UNREACHABLE,
        WASM_TRAP_CALL_INDIRECT,
        WASM_TRAP_UNCAUGHT_EXCEPTION,
        WASM_TRAP_EXHAUSTION,
        WASM_TRAP_OOB_TABLE,
        WASM_TRAP_CALL_UNDEFINED, /* no such entry */
        WASM_TRAP_CALL_NULL,
};

/* A linear memory. @size has 64 bits, for 65,536 pages are 4 GiB. */
struct wasm_memory {
        uint8_t *data;
        uint32_t pages, max_pages;
        uint64_t size;
};

/* Calls an export with parameters in @slots, and leaves the result in slots[0]. */
typedef void (*wasm_export)(void *instance, uint64_t *slots);

/* What precedes an instance. */
struct wasm_head {
        _Alignas(16) uintptr_t stack_limit; /* a function that finds the stack pointer below it traps */
        uintptr_t frame;                    /* of the innermost WASM_ENTER: where a call that is ended goes back to; 0: none */
        void (*code)(void);                 /* what that calls */
        uint32_t look;                      /* atomic: an image that looks at this is to call look() */
};

/* Machines for which WASM_ENTER is written. On others calls are entered by the C library's setjmp, and images have no gates. Nor have
 * those that are compiled with WASM_NO_GATES. */
#if defined(__x86_64__) && !defined(WASM_NO_GATES)
#define WASM_HAS_GATES 1
#else
#define WASM_HAS_GATES 0
#endif

/* Defines a function @name that does @call, an instruction, with all the arguments in registers that it was called with itself; the
 * first of them is an instance. WASM_LEAVE, anywhere below, makes it return at once: the registers that a function has to preserve
 * (System V ABI, AMD64 supplement, 3.2.1) are where head.frame points. Where the call returns by itself they are what they were. */
#define WASM_ENTER(name, call)                                                                                                     \
        __asm__(".pushsection .text\n"                                                                                             \
                ".type " #name ", @function\n"                                                                                     \
                ".balign 32\n" #name ":\n"                                                                                         \
                ".cfi_startproc\n"                                                                                                 \
                "pushq %rbp\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset %rbp, 0\n"                                                  \
                "movq %rsp, %rbp\n.cfi_def_cfa_register %rbp\n"                                                                    \
                "subq $48, %rsp\n"                                                                                                 \
                "movq %rbx, -8(%rbp)\nmovq %r12, -16(%rbp)\nmovq %r13, -24(%rbp)\n"                                                \
                "movq %r14, -32(%rbp)\nmovq %r15, -40(%rbp)\nmovq %rdi, -48(%rbp)\n"                                               \
                "movq %rbp, -24(%rdi)\n" call "\n"                                                                                 \
                "movq -48(%rbp), %rcx\n"                                                                                           \
                "movq $0, -24(%rcx)\n"                                                                                             \
                "leave\n.cfi_def_cfa %rsp, 8\n"                                                                                    \
                "ret\n"                                                                                                            \
                ".cfi_endproc\n"                                                                                                   \
                ".size " #name ", . - " #name "\n"                                                                                 \
                ".popsection")
#define WASM_CODE "callq *-16(%rdi)" /* head.code */
#define WASM_LEAVE(frame)                                                                                                          \
        do {                                                                                                                       \
                __asm__ volatile("movq %0, %%rsp\n"                                                                                \
                                 "movq -8(%%rsp), %%rbx\nmovq -16(%%rsp), %%r12\nmovq -24(%%rsp), %%r13\n"                         \
                                 "movq -32(%%rsp), %%r14\nmovq -40(%%rsp), %%r15\n"                                                \
                                 "popq %%rbp\n"                                                                                    \
                                 "ret"                                                                                             \
                                 :                                                                                                 \
                                 : "r"(frame)                                                                                      \
                                 : "memory");                                                                                      \
                __builtin_unreachable();                                                                                           \
        } while (0)

/* What Ward keeps for each thread that runs module code: where its stack ends, a stack for signal handlers, its calls in flight. */
struct wasm_thread {
        struct wasm_activation *top; /* the innermost call, or NULL */
        uint32_t id;                 /* the kernel's number; 0: not prepared yet */
        uintptr_t stack_low, stack_high;
        uintptr_t lowest;       /* below it the stack is the host's */
        uintptr_t floor;        /* how deep the outermost call may go, by WASM_STACK_MAX */
        uintptr_t foreign_high; /* where the outermost call began on a stack that is not the thread's own */
        void *signal_stack;     /* ours, or NULL where the host had set one */
};

/* What a module's calls may take of a thread's stack, so that an endless recursion ends where the stack has no limit. */
#define WASM_STACK_MAX (8u << 20)

/* What tells threads apart, at the cost of a load (ELF Handling For Thread-Local Storage, 3.4.6: %fs:0 holds its own address). */
static inline uintptr_t wasm_thread_pointer(void)
{
        uintptr_t pointer = 0;
#if WASM_HAS_GATES
        __asm__("mov %%fs:0, %0" : "=r"(pointer));
#endif
        return pointer;
}

struct wasm_instance;
struct ward_fault;

/* Why a call ended before its time. */
enum wasm_why {
        WASM_ENDED_TRAP = 1,
        WASM_ENDED_ENDING, /* expired, or stopped */
        WASM_ENDED_FAULT,  /* by an import, or for want of memory; the fault is filled */
};

/* A call of an instance. */
struct wasm_activation {
        struct wasm_activation *outer; /* of the same thread */
        struct wasm_instance *instance;
        struct ward_fault *fault;
        uint32_t ended; /* enum wasm_why; 0: it was not */
        uint32_t armed; /* through a gate, with a deadline */
};

/* Two words that a gate looks at, or writes, as one. */
struct wasm_pair {
        uint64_t both;
} __attribute__((may_alias));

/* How an instance is being run; the beginning of struct wasm_instance, whose rest images do not see. */
struct wasm_running {
        struct wasm_activation activation; /* of a call through a gate */
        uint64_t number;                   /* of the outermost call; only who runs it writes */
        struct wasm_head *head;
        _Alignas(8) _Atomic uint32_t thread;  /* the one that runs module code now: 0 for none, and while the host runs */
        uint32_t depth;                       /* enters without leaves */
        _Alignas(8) _Atomic uint32_t lookers; /* how many are about to signal @thread */
        _Atomic uint32_t signalled;           /* one has */
};

/* --- Gates ---------------------------------------------------------------------------------------
 *
 * A gate is the quick way from a host view to an export that takes and gives a few numbers: a function of the image's own, which
 * comes in, calls, and goes out again by plain loads and stores. Whatever is not as usual makes it give WASM_GATE_SHUT before
 * anything has happened; then the call is made the common way. What it looks at and writes is declared here; what that means is
 * told in domain/wasm_gate.h. */

enum { WASM_GATE_SHUT = 1, WASM_GATE_INTS = 5, WASM_GATE_FLOATS = 8 };

/* The part of a domain that calls pass: its turn, and its visit. */
struct wasm_post {
        _Atomic(const void *) favourite;
        _Atomic uint32_t inside; /* how often the favourite is */
        _Atomic bool shared;
        uint64_t common[3];
        _Atomic uint32_t depth; /* of the visit */
};

struct wasm_door {
        _Atomic uintptr_t pointer;     /* the thread pointer of the one thread that may pass; 0: none may */
        struct wasm_thread *thread;    /* its own, and the number that it had then: another may be at the same place by now */
        uint32_t id;                   /* with the next, what running.thread and running.depth are for it */
        uint32_t once;                 /* 1 */
        uintptr_t lowest, span;        /* the part of its stack from which it may pass */
        const uint64_t *inherited;     /* its own: until when what is around may last */
        struct wasm_post *post;        /* of which it is the favourite */
        const _Atomic uint32_t *state; /* the domain's, 1 where it runs */
        struct wasm_running *running;  /* of the instance: may be gone where the domain does not run */
        void *module;                  /* the image's own part of it */
        /* What is done slowly. The last three leave the domain, and may be the end of the image: a gate does not come back from
         * them. They give WASM_GATE_SHUT; for export number @export 0, or the fault that ended it; and 0. */
        void (*arm)(struct wasm_door *door, uint32_t ms);
        int (*refuse)(struct wasm_door *door);
        int (*leave)(struct wasm_door *door, uint32_t export);
        int (*left)(struct wasm_door *door);
};

/* The beginning of an activated add-in. */
struct wasm_self {
        const void *direct, *gates;
        struct wasm_door *door;
        _Atomic uint32_t deadline_ms;
};

struct wasm_runtime {
        /* @line: of the image's C text (recast.h). */
        void (*trap)(enum wasm_trap trap, uint32_t line) __attribute__((noreturn));
        /* An access out of bounds at @address, which a checked image has found by itself. */
        void (*trap_at)(uint64_t address, uint32_t line) __attribute__((noreturn));
        /* Does not return where the call is to end. */
        void (*look)(void);
        /* Calls what the module's import number @import is bound to; parameters in, result out, in @slots, each value's bits
         * zero-extended. */
        void (*import)(uint32_t import, uint64_t *slots);
        void (*memory_new)(struct wasm_memory *memory, uint32_t pages, uint32_t max_pages);
        uint32_t (*memory_grow)(struct wasm_memory *memory, uint32_t pages); /* the pages before, or UINT32_MAX */
        /* memset and memmove for ranges of any length, which can be ended in the middle. */
        void (*fill)(void *to, int byte, uint64_t len);
        void (*copy)(void *to, const void *from, uint64_t len);
        void *(*table_new)(uint32_t entries, uint32_t entry_size);               /* all null */
        void *(*table_grow)(void *table, uint32_t entries, uint32_t entry_size); /* NULL: refused, @table as it was */
        /* A number for a signature: equal ones get equal numbers. @types is the argument of start. */
        uint32_t (*func_type)(void *types, const uint8_t *signature, uint32_t len);
};

/* The one symbol of an image. */
struct wasm_image_entry {
        uint32_t abi;
        uint32_t n_imports, n_exports;
        bool checked; /* compares addresses with the memory's size, which may lie anywhere and may move as it grows */
        uint64_t instance_size;
        /* Where the image keeps its runtime: NULL until a runtime has claimed the image, which it does with a compare and exchange.
         * Two copies of Ward in one process may have loaded one file, and each needs an image of its own. */
        const struct wasm_runtime **runtime;
        void (*start)(void *types); /* once, by the claimant */
        void (*instantiate)(void *instance, struct wasm_head *head);
        struct wasm_memory *(*memory)(void *instance); /* NULL: the module exports none */
        const wasm_export *exports;                    /* by their numbers in the module; NULL for what cannot be called */
        void (*const *gates)(void);                    /* the same; NULL for those that have none */
};

#endif
