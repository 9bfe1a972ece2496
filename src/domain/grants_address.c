/* Where a domain may connect to. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "base/fault.h"
#include "domain/grants_parts.h"

static int add(struct domain_grants *grants, const struct sandbox_address *address, struct ward_fault *fault)
{
        size_t n = grants->granted.n_addresses;
        for (size_t i = 0; i < n; i++)
                if (!memcmp(&grants->addresses[i], address, sizeof *address))
                        return 0;
        struct sandbox_address *more = reallocarray(grants->addresses, n + 1, sizeof *more);
        if (!more)
                return grants_no_memory(fault);
        memcpy(&more[n], address, sizeof *address); /* its padding is compared */
        grants->granted.addresses = grants->addresses = more;
        grants->granted.n_addresses = n + 1;
        return 0;
}

static void fill_ipv4(const struct permission *permission, struct sandbox_address *address)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(permission->port) };
        inet_pton(AF_INET, permission->subject, &at.sin_addr);
        memcpy(&address->at, &at, address->len = sizeof at);
}

static void fill_ipv6(const struct permission *permission, struct sandbox_address *address)
{
        struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(permission->port) };
        inet_pton(AF_INET6, permission->subject, &at.sin6_addr);
        memcpy(&address->at, &at, address->len = sizeof at);
}

static void fill_unix(const struct permission *permission, struct sandbox_address *address)
{
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        strcpy(at.sun_path, permission->subject); /* permissions have none that is too long */
        memcpy(&address->at, &at, address->len = sizeof at);
}

/* A line of /etc/hosts. */
static int add_host(struct domain_grants *grants, const struct addrinfo *one, const char *name, struct ward_fault *fault)
{
        char address[INET6_ADDRSTRLEN + 16], *text;
        if (getnameinfo(one->ai_addr, one->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST))
                return 0;
        if (asprintf(&text, "%s%s %s\n", grants->hosts ? grants->hosts : "", address, name) < 0)
                return grants_no_memory(fault);
        free(grants->hosts);
        grants->hosts = text;
        return 0;
}

static int resolve(struct domain_grants *grants, const struct permission *permission, struct ward_fault *fault)
{
        static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
        struct addrinfo *found = NULL;
        char port[8];
        snprintf(port, sizeof port, "%u", permission->port);
        int r = getaddrinfo(permission->subject, port, &hints, &found);
        if (r)
                return fault_set(fault, WARD_FAULT_SYSTEM, "cannot grant 'connect %s:%s', since the name is not resolved: %s",
                                 permission->subject, port, gai_strerror(r));
        for (const struct addrinfo *one = found; one && !r; one = one->ai_next) {
                struct sandbox_address address;
                memset(&address, 0, sizeof address);
                memcpy(&address.at, one->ai_addr, address.len = one->ai_addrlen);
                r = add(grants, &address, fault);
                if (!r)
                        r = add_host(grants, one, permission->subject, fault);
        }
        freeaddrinfo(found);
        return r;
}

int grants_add_address(struct domain_grants *grants, const struct permission *permission, struct ward_fault *fault)
{
        struct sandbox_address address;
        memset(&address, 0, sizeof address);
        if (permission->place == PERMISSION_NAME)
                return resolve(grants, permission, fault);
        if (permission->place == PERMISSION_IPV4)
                fill_ipv4(permission, &address);
        else if (permission->place == PERMISSION_IPV6)
                fill_ipv6(permission, &address);
        else
                fill_unix(permission, &address);
        return add(grants, &address, fault);
}
