/* Cap'n Proto: its two-party RPC over a pair of unix sockets, each side with an event loop on its one thread. Data is copied into
 * the request, which is made large enough at once; the server reads it in the message that came. */
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include "answerer.capnp.h"
#include "harness.h"

namespace
{

class Server final : public Answerer::Server
{
        kj::Promise<void> intInt(IntIntContext context) override
        {
                context.getResults(capnp::MessageSize{ 4, 0 }).setY(context.getParams().getX() + 1);
                return kj::READY_NOW;
        }

        kj::Promise<void> bytes(BytesContext context) override
        {
                auto data = context.getParams().getData();
                context.getResults(capnp::MessageSize{ 4, 0 }).setSum(peer_sum(data.begin(), data.size()));
                return kj::READY_NOW;
        }
};

/* One end of the connection, with all that it stands on. */
struct End {
        kj::AsyncIoContext io = kj::setupAsyncIo();
        kj::Own<kj::AsyncIoStream> stream;
        capnp::TwoPartyVatNetwork network;

        End(int socket, capnp::rpc::twoparty::Side side) : stream(io.lowLevelProvider->wrapSocketFd(socket)), network(*stream, side)
        {
        }
};

struct Host {
        End end;
        capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc;
        Answerer::Client server;

        explicit Host(int socket)
            : end(socket, capnp::rpc::twoparty::Side::CLIENT), rpc(capnp::makeRpcClient(end.network)), server(bootstrap())
        {
        }

        Answerer::Client bootstrap()
        {
                capnp::MallocMessageBuilder message;
                auto id = message.initRoot<capnp::rpc::twoparty::VatId>();
                id.setSide(capnp::rpc::twoparty::Side::SERVER);
                return rpc.bootstrap(id).castAs<Answerer>();
        }
};

/* An exception says all that there is to say. */
template <typename Do> auto guarded(Do what) -> decltype(what())
{
        try {
                return what();
        } catch (const kj::Exception &error) {
                peer_die("%s", error.getDescription().cStr());
        }
}

void serve(const struct peer_link *link)
{
        guarded([&] {
                End end(link->socket, capnp::rpc::twoparty::Side::SERVER);
                auto rpc = capnp::makeRpcServer(end.network, kj::heap<Server>());
                end.network.onDisconnect().wait(end.io.waitScope);
        });
}

void *open(const struct peer_link *link)
{
        return guarded([&] { return new Host(link->socket); });
}

int32_t call(void *host, int32_t x)
{
        auto &h = *static_cast<Host *>(host);
        return guarded([&] {
                auto request = h.server.intIntRequest(capnp::MessageSize{ 4, 0 });
                request.setX(x);
                return request.send().wait(h.end.io.waitScope).getY();
        });
}

uint32_t send(void *host, const uint8_t *data, size_t len)
{
        auto &h = *static_cast<Host *>(host);
        return guarded([&] {
                auto request = h.server.bytesRequest(capnp::MessageSize{ len / sizeof(capnp::word) + 8, 0 });
                request.setData(capnp::Data::Reader(data, len));
                return request.send().wait(h.end.io.waitScope).getSum();
        });
}

void close(void *host)
{
        delete static_cast<Host *>(host);
}

struct peer describe()
{
        struct peer peer = {};
        peer.name = "capnp";
        peer.label = "Cap'n Proto";
        peer.serve = serve;
        peer.open = open;
        peer.call = call;
        peer.send = send;
        peer.close = close;
        return peer;
}

} // namespace

int main(int argc, char **argv)
{
        const struct peer peer = describe();
        return peer_main(argc, argv, &peer, 1);
}
