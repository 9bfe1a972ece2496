/* Where the program ward-worker is. */
#ifndef DOMAIN_WORKER_PATH_H
#define DOMAIN_WORKER_PATH_H

#include <ward/fault.h>

/* @given if not NULL, else $WARD_WORKER, else where it was installed relative to the library, else where the build was to install
 * it. The fault names the paths that were tried. @ret_path is the caller's to free. */
int worker_path_find(const char *given, char **ret_path, struct ward_fault *fault);

#endif
