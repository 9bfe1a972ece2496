/* Sockets: ways to the network, and to other programs of the machine. Those of the host listen on 127.0.0.1, ::1, a path and an
 * abstract name; the runner looks who came. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

static struct sockaddr_in address(uint16_t port)
{
        return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* Takes @fd. */
static long come(int fd, const void *to, socklen_t length)
{
        if (fd < 0)
                return errno;
        long error = done(connect(fd, to, length));
        close(fd);
        return error;
}

static long connect_to(const struct stage *stage, struct outcome *outcome, long granted)
{
        const struct sockaddr_in to = address(granted ? stage->port_granted : stage->port);
        return come(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), &to, sizeof to);
}

static long connect_six(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct sockaddr_in6 to = { .sin6_family = AF_INET6,
                                         .sin6_port = htons(stage->port6),
                                         .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        return stage->port6 ? come(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), &to, sizeof to) : EAFNOSUPPORT;
}

/* The granted address in the clothes of the other family. */
static long connect_mapped(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(stage->port) };
        inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
        return stage->port6 ? come(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), &to, sizeof to) : EAFNOSUPPORT;
}

/* Connects by sendto(2), where only connect(2) may be looked at. */
static long fast_open(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct sockaddr_in to = address(stage->port);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return errno;
        long error = done(sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (const void *)&to, sizeof to));
        close(fd);
        return error;
}

static long datagram(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct sockaddr_in to = address(stage->port_datagram);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return errno;
        struct iovec bytes = { (char *)"x", 1 };
        const struct msghdr message = {
                .msg_name = (void *)(uintptr_t)&to, .msg_namelen = sizeof to, .msg_iov = &bytes, .msg_iovlen = 1
        };
        long error = done(argument ? sendmsg(fd, &message, 0) : sendto(fd, "x", 1, 0, (const void *)&to, sizeof to));
        close(fd);
        return error;
}

/* Waits where others can come. */
static long serve(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct sockaddr_in here = address(0);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return errno;
        long error = done(bind(fd, (const void *)&here, sizeof here));
        if (!error)
                error = done(listen(fd, 1));
        close(fd);
        return error;
}

/* A path outside, an abstract name, a path in the granted folder. */
static long come_by_name(const struct stage *stage, struct outcome *outcome, long number)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        socklen_t length = sizeof to;
        if (number == 1) {
                snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "%s", stage->abstract);
                length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(stage->abstract));
        } else {
                snprintf(to.sun_path, sizeof to.sun_path, "%s/socket", number ? stage->readable : stage->outside);
        }
        return come(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), &to, length);
}

/* A socket that was made as one of a pair is one all the same. */
static long come_from_pair(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        int pair[2];
        snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "%s.datagrams", stage->abstract);
        socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(to.sun_path + 1));
        if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
                return errno;
        long error = done(sendto(pair[0], "x", 1, 0, (const void *)&to, length));
        close(pair[0]);
        close(pair[1]);
        return error;
}

static long bind_name(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct sockaddr_un here = { .sun_family = AF_UNIX };
        snprintf(here.sun_path, sizeof here.sun_path, "%s/new", stage->outside);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return errno;
        long error = done(bind(fd, (const void *)&here, sizeof here));
        close(fd);
        return error;
}

/* What devices there are. */
static long ask_route(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct {
                struct nlmsghdr head;
                struct ifinfomsg body;
        } ask = { { sizeof ask, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 }, { 0 } };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (fd < 0)
                return errno;
        long error = done(send(fd, &ask, sizeof ask, 0));
        close(fd);
        return error;
}

/* Type and protocol by family. */
static long family(const struct stage *stage, struct outcome *outcome, long argument)
{
        int fd = socket((int)argument & 0xff, ((int)argument >> 8 & 0xff) | SOCK_CLOEXEC, (int)argument >> 16);
        if (fd < 0)
                return errno;
        close(fd);
        return 0;
}

#define SOCKET(family, type, protocol) ((family) | (type) << 8 | (protocol) << 16)
#define OUT                                                                                                                        \
        {                                                                                                                          \
                NO_NETWORK, NO_NETWORK, USER, USER                                                                                 \
        }
#define OUT_UNIX                                                                                                                   \
        {                                                                                                                          \
                NOT_THERE | AS(ECONNREFUSED), NOT_THERE | AS(ECONNREFUSED), USER, USER                                             \
        }
/* Who does not know the protocol says so in one of two ways. */
#define UNKNOWN (AS(EINVAL) | AS(OTHER))

static const struct probe sockets[] = {
        { "connect-granted",
          connect_to,
          1,
          GRANTED,
          { NO_NETWORK, WORKS, USER, USER },
          .why = "intranet was granted this address" },
        { "connect-other", connect_to, 0, CONNECTED, OUT, .why = "another port is another program" },
        { "connect-six", connect_six, 0, CONNECTED, OUT, .why = "another family is another address" },
        { "connect-mapped", connect_mapped, 0, CONNECTED, OUT, .why = "the same address can be written in two ways" },
        { "fast-open", fast_open, 0, CONNECTED, OUT, .why = "a connection can be had without connect(2)" },
        { "datagram", datagram, 0, CONNECTED, OUT, .why = "datagrams need no connection" },
        { "datagram-message", datagram, 1, CONNECTED, OUT, .why = "nor one call to send them" },
        { "listen", serve, 0, WITNESSED, OUT, .why = "others are not to come either" },
        { "unix-path", come_by_name, 0, CONNECTED, OUT_UNIX, .why = "behind a path there may be a service that does anything" },
        { "unix-abstract", come_by_name, 1, CONNECTED, OUT_UNIX, .why = "abstract names are in the network's namespace" },
        { "unix-granted", come_by_name, 2, CONNECTED, OUT_UNIX, .flags = ONE_LAYER,
          .why = "a folder's sockets are not granted with its files" },
        { "unix-pair", come_from_pair, 0, CONNECTED, OUT_UNIX, .why = "one of a pair can still send elsewhere" },
        { "unix-bind", bind_name, 0, OUTSIDE, OUT_UNIX, .why = "a socket with a name would be a file, and a way to others" },
        { "netlink-route", ask_route, 0, WITNESSED, OUT, .why = "it tells and changes the network" },
        { "netlink-audit", family, SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT), WITNESSED, OUT, .why = "the kernel's log" },
        { "netlink-uevent", family, SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT), WITNESSED, OUT,
          .why = "devices that come and go" },
        { "netlink-netfilter", family, SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), WITNESSED, OUT,
          .why = "a large part of the kernel with a long list of errors" },
        { "raw", family, SOCKET(AF_INET, SOCK_RAW, IPPROTO_ICMP), WITNESSED, OUT, .why = "packets of any sender" },
        { "ping", family, SOCKET(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), WITNESSED, OUT, .absent = AS(EACCES),
          .why = "a way out that is often forgotten" },
        { "sctp", family, SOCKET(AF_INET, SOCK_STREAM, 132), WITNESSED, OUT, .absent = UNKNOWN,
          .why = "a part of the kernel that nobody needs" },
        { "mptcp", family, SOCKET(AF_INET, SOCK_STREAM, 0xff), WITNESSED, OUT, .absent = UNKNOWN,
          .why = "an unknown protocol loads a module" },
        { "packet", family, SOCKET(AF_PACKET, SOCK_RAW, 0), WITNESSED, OUT, .why = "reads the network of everybody" },
        { "vsock", family, SOCKET(40, SOCK_STREAM, 0), WITNESSED, OUT, .why = "a way to the machine below this one" },
        { "alg", family, SOCKET(38, SOCK_SEQPACKET, 0), WITNESSED, OUT, .why = "the kernel's ciphers, with their errors" },
        { "bluetooth", family, SOCKET(31, SOCK_RAW, 1), WITNESSED, OUT, .why = "another network" },
        { "can", family, SOCKET(29, SOCK_RAW, 1), WITNESSED, OUT, .why = "another network" },
        { "key", family, SOCKET(15, SOCK_RAW, 2), WITNESSED, OUT, .why = "keys of IPsec" },
        { "tipc", family, SOCKET(30, SOCK_RDM, 0), WITNESSED, OUT, .why = "another network" },
        { "rds", family, SOCKET(21, SOCK_SEQPACKET, 0), WITNESSED, OUT, .why = "another network" },
        { "smc", family, SOCKET(43, SOCK_STREAM, 0), WITNESSED, OUT, .why = "another network" },
        { "xdp", family, SOCKET(44, SOCK_RAW, 0), WITNESSED, OUT, .why = "packets below the kernel's network" },
        { "qipcrtr", family, SOCKET(42, SOCK_DGRAM, 0), WITNESSED, OUT, .why = "another network" },
        { "x25", family, SOCKET(9, SOCK_SEQPACKET, 0), WITNESSED, OUT, .why = "old parts of the kernel are rarely looked at" },
        { "appletalk", family, SOCKET(5, SOCK_DGRAM, 0), WITNESSED, OUT, .why = "likewise" },
        { "pppox", family, SOCKET(24, SOCK_STREAM, 0), WITNESSED, OUT, .why = "likewise" },
};

const struct area area_sockets = { "sockets", PROBES(sockets) };
