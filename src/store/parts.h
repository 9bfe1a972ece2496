/* How the forms are read. Private to this folder. */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "store/store.h"

/* A file that is being read: by its descriptor, or in memory where that is -1. */
struct source {
        const char *path;
        int fd;
        struct ward_span bytes;
};

/* Fills @addin->elf, and keeps the contract. */
int elf_read(const struct source *source, struct store_addin *addin, struct ward_fault *fault);

/* Copies what is embedded to @addin->text, and reads it into what follows there. A second one is refused. */
int contract_keep(struct ward_span text, const char *path, struct store_addin *addin, struct ward_fault *fault);

#endif
