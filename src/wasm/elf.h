/* The shared library that a C compiler made of a module (ELF, 64 bits): its debugging information is read, then left out, and what
 * Ward has made of it is put in its place. */
#ifndef WASM_ELF_H
#define WASM_ELF_H

#include "base/span.h"
#include "wasm/writer.h"

/* The content of a section; empty where the file has none such, or is not what it should be. */
struct ward_span elf_section(struct ward_span file, const char *name);
/* Where it is loaded. */
uint64_t elf_section_address(struct ward_span file, const char *name);

/* The file without what is not loaded, and with @map as its section WASM_ELF_MAP. False: it is not what it should be. */
#define WASM_ELF_MAP ".ward.map"
bool elf_replace(struct ward_span file, struct ward_span map, struct writer *out);

/* Where that section is in the file of @fd. False: it has none. */
bool elf_find_map(int fd, uint64_t *ret_offset, uint64_t *ret_len);

#endif
