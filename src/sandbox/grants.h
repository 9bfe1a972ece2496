/* What a domain is granted beside its level: made by the host from permissions (domain/grants.h), and part of a worker's plan. */
#ifndef SANDBOX_GRANTS_H
#define SANDBOX_GRANTS_H

#include <stdbool.h>
#include <sys/socket.h>
#include "sandbox/grant.h"

/* A place to connect to. */
struct sandbox_address {
        struct sockaddr_storage at; /* IPv4, IPv6 or a Unix socket with a path; what is behind @len is 0 */
        socklen_t len;
};

struct grants {
        const struct sandbox_grant *grants; /* absolute paths, without "." and "..", sorted: a folder stands before what is in it */
        size_t n;
        const struct sandbox_address *addresses; /* resolved */
        size_t n_addresses;
        bool spawn;                     /* may make processes and execute what SANDBOX_RUN allows */
        const char *const *environment; /* NULL-terminated "K=V"; never NULL */
};

#endif
