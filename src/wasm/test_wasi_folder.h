/* For tests of WASI: a folder of the test's own on the disk, one within it that the module is granted, and what it does there.
 *
 *      outside/        with file `secret`
 *      inside/         granted as "/": descriptor 3
 *
 * Paths of the test's own begin in the folder that holds both. */
#ifndef WASM_TEST_WASI_FOLDER_H
#define WASM_TEST_WASI_FOLDER_H

#include "wasm/test_wasi_guest.h"

enum { GRANTED = 3, ALL_RIGHTS = RIGHTS_FILE | RIGHTS_FOLDER };

/* Makes them, goes there, and starts the module. */
void folder_start(uint32_t access);
/* The same with a second grant, inside/second or any other path, as "/second": descriptor 4. */
void folder_start_two(uint32_t access, const char *second, uint32_t second_access);
/* Ends the module, and removes all; fails where the secret was changed. */
void folder_end(void);

/* On the host's side. */
void make_file(const char *path, const char *text);
void make_folder(const char *path);
void make_link(const char *target, const char *path);
bool is_there(const char *path);
/* Fails the test unless the file holds @text. */
void assert_holds(const char *path, const char *text);

/* On the module's: @path at 1,024 in its memory, another one at 8,192. Descriptors are given as a positive number, less than 3 are
 * errors: -errno. */
int guest_open(int folder, const char *path, uint32_t oflags, uint64_t rights);
int guest_open_with(int folder, const char *path, uint32_t lookup, uint32_t oflags, uint64_t rights, uint64_t inheriting,
                    uint32_t fdflags);
int guest_path(const char *function, int folder, const char *path); /* of those that take no more */
int guest_stat(int folder, const char *path, uint32_t lookup);      /* the result at 16,384 */
int guest_rename(int folder, const char *path, int to, const char *new_path);
int guest_link(int folder, const char *path, int to, const char *new_path);
int guest_symlink(const char *target, int folder, const char *path);
int guest_readlink(int folder, const char *path, char ret_target[256]);
/* One vector of up to 4 KiB; how many bytes, or -errno. */
int guest_write(int fd, const char *text);
int guest_read(int fd, char ret_text[256]);
int guest_close(int fd);

#endif
