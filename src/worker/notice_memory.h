/* What lies in the memory of a process that waits in a system call, and which paths that means. Everything read is a copy, and may
 * have been changed since: decisions are made on the copy, or left to the kernel. */
#ifndef WORKER_NOTICE_MEMORY_H
#define WORKER_NOTICE_MEMORY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All @size bytes at @from of the process that thread @tid is of. 0; -EFAULT, -ESRCH, -EPERM. */
int memory_read(pid_t tid, uint64_t from, void *to, size_t size);

/* A text with its NUL. 0; -ENAMETOOLONG where there is none in PATH_MAX bytes; as above. */
int memory_read_path(pid_t tid, uint64_t from, char to[PATH_MAX]);

/* The text of @path, seen from @folder where it is relative, without ".", "..", double slashes and one at the end: links are not
 * followed. 0, or -ENAMETOOLONG. */
int path_join(const char *folder, const char *path, char to[PATH_MAX]);

/* A pidfd of the process that thread @tid is of; @worker is where it most often is. Owned; or a negative errno: before Linux 6.9
 * what a worker has started is found by its first thread only. */
int process_open(pid_t worker, pid_t tid);

/* Where descriptor @fd of a process leads, AT_FDCWD its working directory; @proc is a descriptor of /proc, which may be that of
 * another namespace. 0, or a negative errno. What is no path begins without a slash, as "socket:[1]" does. */
int path_of_folder(int proc, int process, int fd, char to[PATH_MAX]);

/* Whether @path is @folder or below; both as path_join makes them. */
bool path_is_in(const char *path, const char *folder);

#endif
