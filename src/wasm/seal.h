/* What an image's file ends with: what it is an image of, then a check of all that precedes it. The loader trusts what it maps: a
 * file that was cut short or damaged, as by a disk that is full or failing, would bring the host down. It keeps nobody out: who may
 * write the file could seal it as well, so owner and permissions are looked at too. */
#ifndef WASM_SEAL_H
#define WASM_SEAL_H

#include <stdbool.h>
#include <stdint.h>

enum { WASM_KEY_LEN = 64 };

struct wasm_label {
        char module[WASM_KEY_LEN + 8]; /* the module's key (image_key.h) */
        char version[16];              /* Ward's */
        char name[256];                /* the module's file name, without folders */
        char compiler[256];            /* its command */
        uint32_t held;                 /* what confined the tools that made it (enum ward_layer) */
        uint32_t took_ms;
};

/* Appends @label and the check to the file. 0, or -1 with errno. */
int wasm_seal(int fd, const struct wasm_label *label);

/* Whether the file is whole; what it is goes to @ret_label, with every text ended. */
bool wasm_seal_check(int fd, struct wasm_label *ret_label);
/* The same without the check of its content, for a list of files. */
bool wasm_seal_read(int fd, struct wasm_label *ret_label);

/* Whether the file is a regular one, of this user's or, where @or_root, of user 0, and nobody else's to write. */
bool wasm_seal_is_trusted(int fd, bool or_root);

#endif
