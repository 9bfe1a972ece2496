#include <ward/posture.h>
#include "base/own.h"

const char *ward_layer_name(unsigned layer)
{
        static const char *const names[] = {
                "pid-namespace",  "user-namespace",  "mount-namespace",   "network-namespace",
                "ipc-namespace",  "uts-namespace",   "cgroup-namespace",  "own-root",
                "other-user",     "no-capabilities", "no-new-privileges", "landlock",
                "syscall-filter", "hidden",          "no-core-dumps",     "rlimits",
                "cgroup",
        };
        for (size_t i = 0; i < COUNT_OF(names); i++)
                if (layer == 1u << i)
                        return names[i];
        return NULL;
}

const char *ward_limit_name(unsigned limit)
{
        static const char *const names[] = { "process-memory", "memory",    "cpu-time", "cpu-share", "processes",
                                             "open-files",     "file-size", "reading",  "writing" };
        for (size_t i = 0; i < COUNT_OF(names); i++)
                if (limit == 1u << i)
                        return names[i];
        return NULL;
}
