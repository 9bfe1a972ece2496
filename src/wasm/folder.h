/* Folders that were written by programs that are not trusted. */
#ifndef WASM_FOLDER_H
#define WASM_FOLDER_H

/* Calls @act for each entry of @folder but "." and "..". 0, or what @act returned first, or -1 with errno. */
int folder_each(int folder, int (*act)(int folder, const char *name));

/* For folder_each: lets all read a regular file. */
int folder_open_to_all(int folder, const char *name);

/* Removes @name in @folder, whatever it is, with all in it, as far as that can be done. */
void folder_remove(int folder, const char *name);

#endif
