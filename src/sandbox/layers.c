#include "sandbox/layers.h"

#include "base/own.h"

static const char *const areas[LAYERS_AREAS][2] = {
        { "files", "it reads and changes what it is granted, and nothing else" },
        { "network", "it reaches nobody but by connections that were made for it" },
        { "processes", "it sees, signals and traces no others" },
        { "privileges", "it has no rights over the machine, and can get none" },
        { "kernel", "it reaches little of the kernel's code" },
        { "ipc", "it shares no queues, semaphores, memory and sockets by name with others" },
        { "resources", "it takes no more than its share" },
        { "secrecy", "what it holds in memory is not read by others, nor left on disk" },
};

/* In the order of enum ward_layer. */
static const struct {
        unsigned guards;
        const char *about;
} layers[] = {
        { LAYERS_PROCESSES, "sees its own processes only, and its end ends them all" },
        { LAYERS_PRIVILEGES, "rights that it could get are none outside its user namespace" },
        { LAYERS_PRIVILEGES, "mounts of its own: those of others cannot be changed" },
        { LAYERS_NETWORK | LAYERS_IPC, "a network with nothing in it, abstract sockets included" },
        { LAYERS_IPC, "System V and POSIX queues, semaphores and shared memory of its own" },
        { LAYERS_PRIVILEGES, "a host name of its own" },
        { LAYERS_SECRECY, "sees no control groups but its own" },
        { LAYERS_FILES, "a file system in which there is only what is granted" },
        { LAYERS_PROCESSES | LAYERS_PRIVILEGES | LAYERS_SECRECY, "a user id that nobody else has" },
        { LAYERS_PRIVILEGES | LAYERS_KERNEL, "none of user 0's rights" },
        { LAYERS_PRIVILEGES, "set-user-ID programs give nothing" },
        { LAYERS_FILES | LAYERS_NETWORK,
          "paths, and TCP (ABI 4), signals and abstract sockets (ABI 6), beyond what is granted are refused" },
        { LAYERS_FILES | LAYERS_NETWORK | LAYERS_PROCESSES | LAYERS_KERNEL | LAYERS_IPC,
          "system calls beyond the level's are refused" },
        { LAYERS_SECRECY, "not traced, nor read through /proc, by others of its user" },
        { LAYERS_SECRECY, "no core dumps" },
        { LAYERS_RESOURCES, "limits of each process" },
        { LAYERS_RESOURCES, "limits of the domain as a whole" },
};

static size_t index_of(unsigned bit, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (bit == 1u << i)
                        return i;
        return n;
}

const char *layers_area_name(unsigned area)
{
        size_t i = index_of(area, LAYERS_AREAS);
        return i < LAYERS_AREAS ? areas[i][0] : NULL;
}

const char *layers_area_about(unsigned area)
{
        size_t i = index_of(area, LAYERS_AREAS);
        return i < LAYERS_AREAS ? areas[i][1] : NULL;
}

unsigned layers_guarded(unsigned layer)
{
        size_t i = index_of(layer, COUNT_OF(layers));
        return i < COUNT_OF(layers) ? layers[i].guards : 0;
}

const char *layers_about(unsigned layer)
{
        size_t i = index_of(layer, COUNT_OF(layers));
        return i < COUNT_OF(layers) ? layers[i].about : NULL;
}

unsigned layers_guarding(unsigned area)
{
        unsigned found = 0;
        for (size_t i = 0; i < COUNT_OF(layers); i++)
                found |= layers[i].guards & area ? 1u << i : 0;
        return found;
}
