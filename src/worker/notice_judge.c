#include "worker/notice_judge.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include "worker/notice_memory.h"

/* Some grant has all of @rights; to write and to run includes to read. */
static bool may(const struct grants *grants, const char *path, unsigned rights)
{
        for (size_t i = 0; i < grants->n; i++) {
                unsigned has = grants->grants[i].rights;
                has |= has & (SANDBOX_WRITE | SANDBOX_RUN) ? SANDBOX_READ : 0;
                if (has && !(rights & ~has) && path_is_in(path, grants->grants[i].path))
                        return true;
        }
        return false;
}

static bool may_change(const struct grants *grants, const struct call *call)
{
        unsigned rights = SANDBOX_WRITE | (call->kind == CALL_ALTER ? SANDBOX_ALTER : 0);
        if (call->by_descriptor || !call->path[0] || !may(grants, call->path, rights))
                return false;
        return !call->other_path[0] || may(grants, call->other_path, rights);
}

/* --- Addresses -------------------------------------------------------------------------------- */

/* IPv6 that stands for IPv4 becomes that. */
static struct sandbox_address plain(const struct sockaddr_storage *at, socklen_t len)
{
        struct sandbox_address plain = { *at, len };
        const struct sockaddr_in6 *v6 = (const void *)at;
        if (at->ss_family == AF_INET6 && len >= sizeof *v6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
                struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = v6->sin6_port };
                memcpy(&v4.sin_addr, &v6->sin6_addr.s6_addr[12], sizeof v4.sin_addr);
                memset(&plain.at, 0, sizeof plain.at);
                memcpy(&plain.at, &v4, sizeof v4);
                plain.len = sizeof v4;
        }
        return plain;
}

static bool same_v4(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
        return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static bool same_v6(const struct sockaddr_in6 *a, const struct sockaddr_in6 *b)
{
        return a->sin6_port == b->sin6_port && a->sin6_scope_id == b->sin6_scope_id &&
               !memcmp(&a->sin6_addr, &b->sin6_addr, sizeof a->sin6_addr);
}

/* Both with a path: abstract names are nobody's to grant. */
static bool same_local(const struct sockaddr_un *a, size_t a_len, const struct sockaddr_un *b, size_t b_len)
{
        const size_t start = offsetof(struct sockaddr_un, sun_path), most = sizeof a->sun_path;
        if (a_len <= start || b_len <= start || !a->sun_path[0])
                return false;
        size_t n = strnlen(a->sun_path, a_len - start < most ? a_len - start : most);
        return n == strnlen(b->sun_path, b_len - start < most ? b_len - start : most) && !memcmp(a->sun_path, b->sun_path, n);
}

static bool same(const struct sandbox_address *a, const struct sandbox_address *b)
{
        const void *at = &a->at, *bt = &b->at;
        if (a->at.ss_family != b->at.ss_family)
                return false;
        switch (a->at.ss_family) {
        case AF_INET:
                return a->len >= sizeof(struct sockaddr_in) && b->len >= sizeof(struct sockaddr_in) && same_v4(at, bt);
        case AF_INET6:
                return a->len >= sizeof(struct sockaddr_in6) && b->len >= sizeof(struct sockaddr_in6) && same_v6(at, bt);
        case AF_UNIX:
                return same_local(at, a->len, bt, b->len);
        default:
                return false;
        }
}

static bool may_connect(const struct grants *grants, const struct call *call)
{
        struct sandbox_address wanted = plain(&call->address, call->address_len);
        for (size_t i = 0; i < grants->n_addresses; i++) {
                struct sandbox_address granted = plain(&grants->addresses[i].at, grants->addresses[i].len);
                if (same(&wanted, &granted))
                        return true;
        }
        return false;
}

/* --- Judgement -------------------------------------------------------------------------------- */

static enum verdict go_on_if(bool allowed)
{
        return allowed ? VERDICT_GO_ON : VERDICT_REFUSE;
}

static enum verdict judge_intranet(const struct judge *judge, const struct call *call)
{
        const struct grants *grants = judge->grants;
        switch (call->kind) {
        case CALL_OPEN:
                return go_on_if(call->path[0] && may(grants, call->path, call->access));
        case CALL_ALTER:
        case CALL_CHANGE:
                return go_on_if(may_change(grants, call));
        case CALL_EXECUTE:
                return go_on_if(grants->spawn && call->path[0] && may(grants, call->path, SANDBOX_RUN));
        case CALL_CONNECT:
                return may_connect(grants, call) ? VERDICT_CONNECT : VERDICT_REFUSE;
        default:
                return VERDICT_REFUSE;
        }
}

enum verdict judge(const struct judge *judge, const struct call *call)
{
        if (judge->level == FILTER_OBSERVE)
                return VERDICT_GO_ON;
        if (call->kind == CALL_SIGNAL)
                return go_on_if(call->target == judge->own_number);
        return judge->level == FILTER_INTRANET ? judge_intranet(judge, call) : VERDICT_REFUSE;
}
