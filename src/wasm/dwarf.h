/* Debugging information, versions 2 to 5 of DWARF: which source line the code at an address is from, and through which calls that
 * were compiled in place (inlined) it was reached. Of two makers: the module's author's compiler, whose bytes may be anything, and
 * the C compiler, whose line numbers are the module's offsets (recast.h).
 *
 * What cannot be made sense of is left out, to the end of its unit or section. It never is an error, never reads outside of the
 * sections, and ends soon: each step of the reading is taken from a fixed number. */
#ifndef WASM_DWARF_H
#define WASM_DWARF_H

#include "wasm/texts.h"

/* Content of the sections .debug_NAME; empty where there is none. Borrowed. */
struct dwarf_sections {
        struct ward_span info, abbrev, line, line_str, str, str_offsets, addr, ranges, rnglists;
};

/* A place in the source. Numbers of texts (texts.h). */
struct dwarf_place {
        uint32_t name; /* of the function; 0: not said */
        uint32_t file;
        uint32_t line; /* 0: not said */
        uint32_t up;   /* where the function, which was compiled in place, is called: a place's index and 1; 0: it was not */
};

/* The code from @address on, up to the next one's. */
struct dwarf_range {
        uint64_t address;
        uint32_t place; /* its index and 1; 0: nothing is known */
};

struct dwarf_table {
        struct growing ranges; /* struct dwarf_range, sorted */
        struct growing places; /* struct dwarf_place; up is always a smaller index */
};

enum {
        DWARF_PLACES_MAX = 4 << 20,
        DWARF_RANGES_MAX = 4 << 20,
};

/* Adds names to @texts. 0, or -ENOMEM. */
int dwarf_read(const struct dwarf_sections *sections, struct texts *texts, struct dwarf_table *ret_table);
void dwarf_table_finish(struct dwarf_table *table);

#endif
