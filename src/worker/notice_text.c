/* What calls are about, in words. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include "base/own.h"
#include "worker/notice_call.h"

static void print_local(const struct sockaddr_un *address, size_t len, char *to, size_t size)
{
        size_t n = len > offsetof(struct sockaddr_un, sun_path) ? len - offsetof(struct sockaddr_un, sun_path) : 0;
        bool is_abstract = n && !address->sun_path[0];
        snprintf(to, size, "unix:%s%.*s", is_abstract ? "@" : "", (int)(n - is_abstract), address->sun_path + is_abstract);
}

void address_print(const struct sockaddr_storage *address, socklen_t len, char *to, size_t size)
{
        const struct sockaddr_in *v4 = (const void *)address;
        const struct sockaddr_in6 *v6 = (const void *)address;
        char text[INET6_ADDRSTRLEN];
        if (len >= sizeof *v4 && address->ss_family == AF_INET)
                snprintf(to, size, "%s:%u", inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text), ntohs(v4->sin_port));
        else if (len >= sizeof *v6 && address->ss_family == AF_INET6)
                snprintf(to, size, "[%s]:%u", inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text), ntohs(v6->sin6_port));
        else if (address->ss_family == AF_UNIX)
                print_local((const void *)address, len, to, size);
        else
                snprintf(to, size, "family %u", address->ss_family);
}

static const char *family_name(unsigned family)
{
        static const char *const names[] = { [AF_UNIX] = "local",
                                             [AF_INET] = "IPv4",
                                             [AF_INET6] = "IPv6",
                                             [AF_NETLINK] = "netlink",
                                             [AF_PACKET] = "packets",
                                             [AF_ALG] = "cryptography",
                                             [AF_BLUETOOTH] = "Bluetooth",
                                             [AF_VSOCK] = "virtual machines",
                                             [AF_CAN] = "CAN",
                                             [AF_KEY] = "keys",
                                             [AF_XDP] = "XDP" };
        return family < COUNT_OF(names) ? names[family] : NULL;
}

static void print_socket(const struct call *call, char *to, size_t size)
{
        static const char *const types[] = {
                [SOCK_STREAM] = "stream", [SOCK_DGRAM] = "datagrams", [SOCK_RAW] = "raw", [SOCK_SEQPACKET] = "packets"
        };
        unsigned family = (unsigned)call->data.args[0], type = (unsigned)call->data.args[1] & 0xf;
        const char *type_name = type < COUNT_OF(types) && types[type] ? types[type] : "other";
        if (family_name(family))
                snprintf(to, size, "%s, %s", family_name(family), type_name);
        else
                snprintf(to, size, "family %u, %s", family, type_name);
}

/* Arguments that say what was wanted; @second < 0: one. */
static const struct worded {
        const char *name, *format;
        int first, second;
} worded[] = {
        { "clone", "flags %#llx", 0, -1 },
        { "unshare", "flags %#llx", 0, -1 },
        { "setns", "descriptor %llu, flags %#llx", 0, 1 },
        { "prctl", "option %llu, %llu", 0, 1 },
        { "arch_prctl", "option %#llx", 0, -1 },
        { "personality", "%#llx", 0, -1 },
        { "ioctl", "request %#llx", 1, -1 },
        { "fcntl", "command %llu", 1, -1 },
        { "madvise", "advice %llu", 2, -1 },
        { "mmap", "protection %#llx, flags %#llx", 2, 3 },
        { "memfd_create", "flags %#llx", 1, -1 },
        { "ptrace", "request %llu, process %llu", 0, 1 },
        { "process_vm_readv", "process %llu", 0, -1 },
        { "process_vm_writev", "process %llu", 0, -1 },
        { "pidfd_open", "process %llu", 0, -1 },
        { "kill", "process %llu, signal %llu", 0, 1 },
        { "tkill", "thread %llu, signal %llu", 0, 1 },
        { "tgkill", "process %llu, signal %llu", 0, 2 },
        { "rt_sigqueueinfo", "process %llu, signal %llu", 0, 1 },
        { "rt_tgsigqueueinfo", "process %llu, signal %llu", 0, 2 },
        { "prlimit64", "process %llu, limit %llu", 0, 1 },
        { "sched_setaffinity", "thread %llu", 0, -1 },
        { "setsockopt", "level %llu, option %llu", 1, 2 },
        { "getsockopt", "level %llu, option %llu", 1, 2 },
        { "socketpair", "family %llu, type %#llx", 0, 1 },
        { "bpf", "command %llu", 0, -1 },
        { "keyctl", "operation %llu", 0, -1 },
        { "seccomp", "operation %llu, flags %#llx", 0, 1 },
        { "timer_create", "clock %llu", 0, -1 },
};

static void print_arguments(const struct call *call, char *to, size_t size)
{
        const __u64 *args = call->data.args;
        to[0] = 0;
        for (size_t i = 0; i < COUNT_OF(worded); i++)
                if (!strcmp(worded[i].name, call->name))
                        snprintf(to, size, worded[i].format, (unsigned long long)(uint32_t)args[worded[i].first],
                                 worded[i].second < 0 ? 0 : (unsigned long long)(uint32_t)args[worded[i].second]);
}

void call_print(const struct call *call, char to[CALL_TEXT_MAX])
{
        if (call->path[0])
                snprintf(to, CALL_TEXT_MAX, "%.255s%s%.250s", call->path, call->other_path[0] ? ", " : "", call->other_path);
        else if (call->kind == CALL_CONNECT)
                address_print(&call->address, call->address_len, to, CALL_TEXT_MAX);
        else if (call->kind == CALL_UNKNOWN)
                snprintf(to, CALL_TEXT_MAX, "number %d", call->number);
        else if (!strcmp(call->name, "socket"))
                print_socket(call, to, CALL_TEXT_MAX);
        else
                print_arguments(call, to, CALL_TEXT_MAX);
}
