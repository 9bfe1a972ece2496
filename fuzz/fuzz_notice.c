/* A system call that a filter passes on, whose arguments point into bytes of the caller's: none goes on that leads out of what is
 * granted, and all can be told. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/syscalls.h"
#include "worker/notice_judge.h"
#include "worker/notice_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGUMENTS = 6, MEMORY = 8192 };

static uint8_t memory[MEMORY]; /* what the caller has; zeros are behind what is given */

/* Two bytes number the call; then each argument has a byte that says what it is, and two more. */
static struct seccomp_notif read_notice(const uint8_t *data)
{
        struct seccomp_notif notice = { .pid = (uint32_t)gettid(), .data = { .nr = data[0] | data[1] << 8, .arch = syscall_arch } };
        for (size_t i = 0; i < ARGUMENTS; i++) {
                const uint8_t *at = data + 2 + 3 * i;
                uint64_t value = at[1] | (uint64_t)at[2] << 8;
                notice.data.args[i] = at[0] & 1 ? (uint64_t)(memory + value % MEMORY) : at[0] & 2 ? (uint64_t)AT_FDCWD : value;
        }
        return notice;
}

static void check(const struct call *call, enum verdict verdict)
{
        bool has_path =
                call->kind == CALL_OPEN || call->kind == CALL_CHANGE || call->kind == CALL_ALTER || call->kind == CALL_EXECUTE;
        if (verdict == VERDICT_CONNECT)
                abort(); /* no address is granted */
        if (verdict == VERDICT_REFUSE)
                return;
        if (call->kind != CALL_SIGNAL && (!has_path || !path_is_in(call->path, "/granted")))
                abort();
        if (call->other_path[0] && !path_is_in(call->other_path, "/granted"))
                abort();
        if (strstr(call->path, "/../") || strstr(call->path, "//"))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct sandbox_grant granted[] = { { "/granted",
                                                          SANDBOX_READ | SANDBOX_WRITE | SANDBOX_RUN | SANDBOX_ALTER } };
        static const struct grants grants = { .grants = granted, .n = 1, .spawn = true };
        static const struct judge intranet = { FILTER_INTRANET, &grants, 1 }, internet = { FILTER_INTERNET, &grants, 1 };
        static struct call call;
        const size_t head = 2 + 3 * ARGUMENTS;
        char text[CALL_TEXT_MAX];
        if (size < head || size - head > sizeof memory)
                return 0;
        memset(memory, 0, sizeof memory);
        memcpy(memory, data + head, size - head);
        struct seccomp_notif notice = read_notice(data);
        OWNED(fd_closep) int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (call_decode(proc, getpid(), &notice, &call))
                return 0;
        check(&call, judge(&intranet, &call));
        if (judge(&internet, &call) == VERDICT_GO_ON && call.kind != CALL_SIGNAL)
                abort();
        call_print(&call, text);
        return 0;
}
