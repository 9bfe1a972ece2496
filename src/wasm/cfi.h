/* How the caller's registers are found from any instruction of an image (.eh_frame; DWARF 5, section 6.4; psABI of x86-64), as a
 * table. The general unwinder takes microseconds, this a few nanoseconds a frame. */
#ifndef WASM_CFI_H
#define WASM_CFI_H

#include "wasm/dwarf.h"

enum cfi_base {
        CFI_UNKNOWN,
        CFI_STACK_POINTER,
        CFI_FRAME_POINTER,
};

/* From @at on, up to the next rule. Where the caller's stack pointer is @cfa more than @base, the return address lies right below,
 * and the caller's frame pointer @frame from there, or, if that is 0, it is still in its register. */
struct cfi_rule {
        uint32_t at;
        int32_t cfa, frame;
        uint32_t base;
};

enum { CFI_RULES_MAX = 8 << 20 };

/* Adds the rules of @section, which is loaded at @address, to @rules, sorted. What is not understood has no rules. */
void cfi_read(struct ward_span section, uint64_t address, struct growing *rules);

#endif
