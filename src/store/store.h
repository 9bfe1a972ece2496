/* What a file says of itself as an add-in, without running any of its code.
 *
 * 1. store_read  2. look at it  3. store_free
 *
 * All of it is a claim that anybody may have written: whoever activates the add-in checks it. Texts may hold anything but NUL; the
 * contract was read, and its names are what WIT allows. A file that is damaged is a fault `module` or `contract` that says where.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <ward/fault.h>
#include "base/embedded.h"
#include "contract/contract.h"
#include "wasm/module.h"

enum store_form {
        STORE_ELF,  /* a shared library */
        STORE_WASM, /* a core WebAssembly module */
};

struct store_addin {
        enum store_form form;
        uint64_t size; /* of the file */
        struct {
                int bits; /* 32 or 64 */
                bool little_endian;
                unsigned machine; /* EM_… of elf.h */
                char **needed;    /* libraries that it asks the loader for */
                size_t n_needed;
        } elf;
        struct wasm_module *module; /* of a WebAssembly module; else NULL */

        char *text; /* what is embedded; NULL where there is nothing, and then so is all that follows */
        struct embedded embedded;
        struct contract *contract;
        const struct wit_world *world;
};

/* Reads @path. A file that carries no contract is no failure. */
int store_read(const char *path, struct store_addin **ret_addin, struct ward_fault *fault);

/* The same from memory; @path is for faults. */
int store_read_bytes(struct ward_span bytes, const char *path, struct store_addin **ret_addin, struct ward_fault *fault);

struct store_addin *store_free(struct store_addin *addin);

static inline void store_freep(struct store_addin **addin)
{
        *addin = store_free(*addin);
}

/* The name of a machine, "x86-64", or NULL. */
const char *store_machine_name(unsigned machine);

#endif
