#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"
#include "worker/notice_parts.h"

/* Later than the oldest headers that Ward is built with. */
#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

/* Whether @path is there, as far as the kernel knows without asking a file system: one may be the add-in's own, and never answer.
 */
static bool is_there(const char *path)
{
        const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED };
        OWNED(fd_closep) int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
        return fd >= 0;
}

static enum wire_use use_of_open(const struct call *call)
{
        if (call->makes && !is_there(call->path))
                return WIRE_USE_CREATE;
        if (call->access & SANDBOX_WRITE)
                return WIRE_USE_WRITE;
        return call->lists ? WIRE_USE_LIST : WIRE_USE_READ;
}

static enum wire_use use_of(const struct call *call)
{
        switch (call->kind) {
        case CALL_OPEN:
                return use_of_open(call);
        case CALL_LOOK:
                return WIRE_USE_READ;
        case CALL_ALTER:
                return WIRE_USE_WRITE;
        case CALL_CHANGE:
                return WIRE_USE_CREATE;
        case CALL_EXECUTE:
                return WIRE_USE_EXECUTE;
        case CALL_CONNECT:
                return WIRE_USE_CONNECT;
        case CALL_FORK:
                return WIRE_USE_FORK;
        default:
                return WIRE_USE_NONE;
        }
}

void use_add(struct acts *acts, const struct call *call)
{
        enum wire_use use = use_of(call);
        char address[CALL_TEXT_MAX];
        if (use == WIRE_USE_FORK) {
                acts_used(acts, call->number, use, "");
        } else if (use == WIRE_USE_CONNECT) {
                address_print(&call->address, call->address_len, address, sizeof address);
                acts_used(acts, call->number, use, address);
        } else if (use != WIRE_USE_NONE && call->path[0]) {
                acts_used(acts, call->number, use, call->path);
                if (call->other_path[0])
                        acts_used(acts, call->number, use, call->other_path);
        }
}
