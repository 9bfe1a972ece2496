/* iceoryx: its client and server, which pass chunks of shared memory by reference; the caller's data is copied into a chunk, as it
 * was not made there. Polling: both sides look for what came again and again; where they share a processor they let each other run
 * (sched_yield). Waiting: both sides sleep in a WaitSet. */
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "iceoryx_hoofs/log/logmanager.hpp"
#include "iceoryx_posh/popo/untyped_client.hpp"
#include "iceoryx_posh/popo/untyped_server.hpp"
#include "iceoryx_posh/popo/wait_set.hpp"
#include "iceoryx_posh/runtime/posh_runtime.hpp"

#include "harness.h"
#include "iceoryx_broker.hpp"

namespace
{

using iox::popo::UntypedClient;
using iox::popo::UntypedServer;
using Waits = std::unique_ptr<iox::popo::WaitSet<>>;

enum Kind : uint32_t { CALL, SEND, STOP };

struct Request {
        Kind kind;
        uint32_t value; /* CALL: the number; SEND: how many bytes follow */
};

enum { LINE = 64, CONNECT_MS = 10000 }; /* a request's bytes begin in its second line */

iox::capro::ServiceDescription service(bool waiting)
{
        if (waiting)
                return { "Ward", "Peers", "Waiting" };
        return { "Ward", "Peers", "Polling" };
}

void join(bool waiting, bool server)
{
        iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kError);
        iox::runtime::PoshRuntime::initRuntime(
                iox::RuntimeName_t(iox::cxx::TruncateToCapacity, iceoryx_names[(waiting ? 2 : 0) + (server ? 1 : 0)]));
}

template <typename End, typename State> Waits waits_for(End &end, State state)
{
        Waits waits(new iox::popo::WaitSet<>);
        waits->attachState(end, state).or_else([](auto) { peer_die("cannot attach to a WaitSet"); });
        return waits;
}

/* What comes next. */
template <typename End> const void *next(End &end, const Waits &waits, bool yields)
{
        for (;;) {
                auto taken = end.take();
                if (!taken.has_error())
                        return taken.value();
                if (waits)
                        waits->wait();
                else if (yields)
                        sched_yield();
        }
}

/* False: that was the last. */
bool answer(UntypedServer &server, const void *taken)
{
        auto *request = static_cast<const Request *>(taken);
        auto kind = request->kind;
        uint32_t value = kind == SEND ? peer_sum(static_cast<const uint8_t *>(taken) + LINE, request->value) : request->value + 1;
        auto loaned = server.loan(iox::popo::RequestHeader::fromPayload(taken), sizeof value, alignof(uint32_t));
        if (loaned.has_error())
                peer_die("no memory for an answer");
        *static_cast<uint32_t *>(loaned.value()) = value;
        if (server.send(loaned.value()).has_error())
                peer_die("cannot send");
        server.releaseRequest(taken);
        return kind != STOP;
}

/* Between samples it sleeps, so that it takes nothing from the others. */
void poll_serve(const struct peer_link *link)
{
        join(false, true);
        UntypedServer server(service(false));
        char begin;
        while (read(link->socket, &begin, 1) == 1)
                while (answer(server, next(server, nullptr, link->same_cpu))) {
                }
}

void wait_serve(const struct peer_link *)
{
        join(true, true);
        UntypedServer server(service(true));
        Waits waits = waits_for(server, iox::popo::ServerState::HAS_REQUEST);
        while (answer(server, next(server, waits, false))) {
        }
}

struct Host {
        UntypedClient client;
        Waits waits; /* none: it polls */
        bool yields;
        int socket;

        Host(const struct peer_link *link, bool waiting) : client(service(waiting)), yields(link->same_cpu), socket(link->socket)
        {
                if (waiting)
                        waits = waits_for(client, iox::popo::ClientState::HAS_RESPONSE);
        }
};

/* RouDi tells of a server a tenth of a second later; there is nothing to wait on. */
void *open(const struct peer_link *link, bool waiting)
{
        join(waiting, false);
        auto *host = new Host(link, waiting);
        for (int ms = 0; host->client.getConnectionState() != iox::ConnectionState::CONNECTED; ms++) {
                const struct timespec soon = { 0, 1000000 };
                if (ms == CONNECT_MS)
                        peer_die("cannot connect");
                nanosleep(&soon, nullptr);
        }
        return host;
}

void *poll_open(const struct peer_link *link)
{
        return open(link, false);
}

void *wait_open(const struct peer_link *link)
{
        return open(link, true);
}

uint32_t ask(Host &host, Kind kind, uint32_t value, const uint8_t *data, size_t len)
{
        auto loaned = host.client.loan(static_cast<uint32_t>(len ? LINE + len : sizeof(Request)), LINE);
        if (loaned.has_error())
                peer_die("no memory for a request");
        *static_cast<Request *>(loaned.value()) = { kind, value };
        if (len)
                memcpy(static_cast<uint8_t *>(loaned.value()) + LINE, data, len);
        if (host.client.send(loaned.value()).has_error())
                peer_die("cannot send");
        const void *taken = next(host.client, host.waits, host.yields);
        uint32_t result = *static_cast<const uint32_t *>(taken);
        host.client.releaseResponse(taken);
        return result;
}

int32_t call(void *host, int32_t x)
{
        return static_cast<int32_t>(ask(*static_cast<Host *>(host), CALL, static_cast<uint32_t>(x), nullptr, 0));
}

uint32_t send(void *host, const uint8_t *data, size_t len)
{
        return ask(*static_cast<Host *>(host), SEND, static_cast<uint32_t>(len), data, len);
}

void start(void *host)
{
        if (write(static_cast<Host *>(host)->socket, "", 1) != 1)
                peer_die("cannot wake the server");
}

void stop(void *host)
{
        ask(*static_cast<Host *>(host), STOP, 0, nullptr, 0);
}

/* The server is to leave RouDi by itself, or its socket stays behind: its end of the sockets is closed when it is gone. */
void close(void *host)
{
        auto *h = static_cast<Host *>(host);
        char end;
        if (h->waits)
                stop(h);
        shutdown(h->socket, SHUT_WR);
        while (read(h->socket, &end, 1) > 0) {
        }
        delete h;
}

struct peer describe(bool waiting)
{
        struct peer peer = {};
        peer.name = waiting ? "iceoryx-wait" : "iceoryx-poll";
        peer.label = waiting ? "iceoryx, waiting" : "iceoryx, polling";
        peer.broker = 1;
        peer.serve = waiting ? wait_serve : poll_serve;
        peer.open = waiting ? wait_open : poll_open;
        peer.call = call;
        peer.send = send;
        peer.start = waiting ? nullptr : start;
        peer.stop = waiting ? nullptr : stop;
        peer.close = close;
        return peer;
}

} // namespace

int main(int argc, char **argv)
{
        if (argc == 2 && !strcmp(argv[1], "--broker"))
                return iceoryx_broker();
        if (argc == 2 && !strcmp(argv[1], "--clean"))
                return iceoryx_clean();
        const struct peer peers[] = { describe(false), describe(true) };
        return peer_main(argc, argv, peers, 2);
}
