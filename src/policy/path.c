#include "policy/path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Appends the parts of @path to what is there, of which @start is the slash that never goes. */
static char *append(char *start, char *to, const char *path)
{
        while (*path) {
                size_t len = strcspn(path, "/");
                if (len == 2 && !memcmp(path, "..", 2)) {
                        while (to > start && *--to != '/')
                                ;
                } else if (len && !(len == 1 && *path == '.')) {
                        *to++ = '/';
                        memcpy(to, path, len);
                        to += len;
                }
                path += len + (path[len] == '/');
        }
        return to;
}

char *path_normalise(const char *folder, const char *path)
{
        bool relative = *path != '/';
        char *text = malloc((relative ? strlen(folder) : 0) + strlen(path) + 4);
        if (!text)
                return NULL;
        char *to = relative ? append(text, text, folder) : text;
        to = append(text, to, path);
        if (to == text)
                *to++ = '/';
        *to = 0;
        return text;
}

bool path_is_below(const char *path, const char *folder)
{
        size_t len = strlen(folder);
        if (len == 1)
                return *path == '/';
        return !strncmp(path, folder, len) && (!path[len] || path[len] == '/');
}

static bool is_number(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (!isdigit((unsigned char)text[i]))
                        return false;
        return len;
}

/* Of /proc what is about the system can be granted, not what is about processes: a worker sees its own, where it has any. */
static bool is_process(const char *path)
{
        if (!path_is_below(path, "/proc"))
                return false;
        const char *name = path + strlen("/proc");
        size_t len = strcspn(name += *name == '/', "/");
        return !len || is_number(name, len) || path_is_below(path, "/proc/self") || path_is_below(path, "/proc/thread-self");
}

const char *path_refusal(const char *path)
{
        if (!strcmp(path, "/"))
                return "'/' as a whole cannot be granted: name folders below it, or choose level full-trust";
        if (is_process(path))
                return "what /proc shows of processes cannot be granted: name a file of the system's, like /proc/cpuinfo";
        return NULL;
}
