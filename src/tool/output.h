/* Files that a command writes: whole or not at all. */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include <stddef.h>

/* Makes folder @path and those above it, where they are missing. 0, or -errno. */
int output_folder(const char *path);

/* Replaces @folder/@name by @len bytes of @text, through a temporary file beside it. 0, or -errno. */
int output_file(const char *folder, const char *name, const char *text, size_t len);

#endif
