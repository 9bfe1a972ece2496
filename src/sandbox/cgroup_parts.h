/* What the files of cgroup.h share. */
#ifndef SANDBOX_CGROUP_PARTS_H
#define SANDBOX_CGROUP_PARTS_H

#include <stdbool.h>
#include "sandbox/cgroup.h"

/* cgroup_file.c */

/* A control file in @folder, written or read whole, NUL-terminated. 0, or the length; or a negative errno. */
int cgroup_file_write(int folder, const char *name, const char *text);
int cgroup_file_read(int folder, const char *name, char *ret_text, size_t size);
/* The controllers in @names, as the kernel's tables of that version have them. */
unsigned cgroup_controllers_named(unsigned version, const char *names, const char *separators);
/* To groups below @folder, at version 2. */
void cgroup_hand_down(int folder, unsigned controllers);
/* Limits the group @folder. Those of @wanted that hold it now. */
unsigned cgroup_set(const struct cgroup_tree *tree, int folder, unsigned wanted, const struct sandbox_limits *limits);
/* Adds to @figures what these controllers count. */
void cgroup_read_folder(unsigned version, int folder, unsigned controllers, struct cgroup_figures *figures);

/* cgroup_sweep.c */

/* Ends the processes of the group @folder. */
void cgroup_kill_folder(int folder);
/* Removes the group @name and those in it, ending what is in these. Whether it is gone. */
bool cgroup_remove_tree(int parent, const char *name);

#endif
