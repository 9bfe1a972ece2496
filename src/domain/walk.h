/* Where a path leads. */
#ifndef DOMAIN_WALK_H
#define DOMAIN_WALK_H

#include <sys/stat.h>

/* Called for each symbolic link on the way, and for what is at the end; @path has no link in it but, where it is one, the last
 * part. 0, or what ends the walk. */
typedef int (*walk_met)(void *data, const char *path, const struct stat *st);

/* Follows @path, which is absolute. 0; 1 where it leads nowhere; what @met gave; or a negative errno. */
int walk_path(const char *path, walk_met met, void *data);

#endif
