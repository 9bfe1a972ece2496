#include "domain/walk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as the kernel has it */

struct walk {
        char at[PATH_MAX]; /* where it is: "" for the root */
        char rest[PATH_MAX];
        unsigned links;
        walk_met met;
        void *data;
};

/* The link at @walk->at is replaced by what it says. */
static int follow(struct walk *walk)
{
        char target[PATH_MAX], rest[PATH_MAX];
        ssize_t n = readlink(walk->at, target, sizeof target - 1);
        if (n < 0)
                return -errno;
        target[n] = 0;
        if (++walk->links > LINKS_MAX)
                return -ELOOP;
        if ((size_t)snprintf(rest, sizeof rest, "%s/%s", target, walk->rest) >= sizeof rest)
                return -ENAMETOOLONG;
        strcpy(walk->rest, rest);
        *(*target == '/' ? walk->at : strrchr(walk->at, '/')) = 0;
        return 0;
}

static int step(struct walk *walk, const char *name, size_t len)
{
        struct stat st;
        size_t at = strlen(walk->at);
        if (at + len + 2 > sizeof walk->at)
                return -ENAMETOOLONG;
        walk->at[at] = '/';
        memcpy(walk->at + at + 1, name, len);
        walk->at[at + 1 + len] = 0;
        if (lstat(walk->at, &st) < 0)
                return errno == ENOENT || errno == ENOTDIR ? 1 : -errno;
        memmove(walk->rest, name + len, strlen(name + len) + 1);
        if (!S_ISLNK(st.st_mode))
                return 0;
        int r = walk->met(walk->data, walk->at, &st);
        return r ? r : follow(walk);
}

static int walk_on(struct walk *walk)
{
        int r = 0;
        while (!r) {
                const char *name = walk->rest + strspn(walk->rest, "/");
                size_t len = strcspn(name, "/");
                if (!len)
                        break;
                if (len == 1 && *name == '.') {
                        memmove(walk->rest, name + len, strlen(name + len) + 1);
                } else if (len == 2 && !memcmp(name, "..", 2)) {
                        char *slash = strrchr(walk->at, '/');
                        *(slash ? slash : walk->at) = 0;
                        memmove(walk->rest, name + len, strlen(name + len) + 1);
                } else {
                        r = step(walk, name, len);
                }
        }
        return r;
}

int walk_path(const char *path, walk_met met, void *data)
{
        struct walk walk = { .met = met, .data = data };
        struct stat st;
        if (strlen(path) >= sizeof walk.rest)
                return -ENAMETOOLONG;
        strcpy(walk.rest, path);
        int r = walk_on(&walk);
        if (r)
                return r;
        const char *end = *walk.at ? walk.at : "/";
        return stat(end, &st) < 0 ? 1 : met(data, end, &st);
}
