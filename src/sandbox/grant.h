/* What a confined process may do with the file system: a list of paths with rights. Landlock and a root of its own are both made
 * from it. */
#ifndef SANDBOX_GRANT_H
#define SANDBOX_GRANT_H

#include <stddef.h>

enum sandbox_right {
        SANDBOX_READ = 1, /* files, and the lists of folders */
        SANDBOX_RUN = 2,
        SANDBOX_WRITE = 4,  /* what is there; in a folder also make and remove files, but no folders, links or devices */
        SANDBOX_MAKE = 8,   /* in a folder also folders, links, pipes and sockets, and move what is there */
        SANDBOX_ALTER = 16, /* modes, owners and times of what may be written: for a warden to say, where a root of its own holds
                               the worker, for Landlock does not look at them */
};

/* Whole trees. A path that does not exist grants nothing, and is no error. */
struct sandbox_grant {
        const char *path;
        unsigned rights; /* none: a symbolic link on the way to what is granted, which is to be found there, and gives nothing */
};

#endif
