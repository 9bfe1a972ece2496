/* gRPC: unary calls of the synchronous API over an abstract unix socket, without encryption and without a limit on the size of a
 * message. One thread of the server polls and a second takes over while the first serves, which is the least that the synchronous
 * server does well with. */
#include <chrono>
#include <string>

#include <grpcpp/grpcpp.h>

#include "answerer.grpc.pb.h"
#include "harness.h"

namespace
{

class Server final : public bench::Answerer::Service
{
        grpc::Status IntInt(grpc::ServerContext *, const bench::Number *request, bench::Number *response) override
        {
                response->set_value(request->value() + 1);
                return grpc::Status::OK;
        }

        grpc::Status Bytes(grpc::ServerContext *, const bench::Data *request, bench::Sum *response) override
        {
                const std::string &data = request->data();
                response->set_value(peer_sum(reinterpret_cast<const uint8_t *>(data.data()), data.size()));
                return grpc::Status::OK;
        }
};

std::string address(const struct peer_link *link)
{
        return std::string("unix-abstract:") + link->name;
}

void serve(const struct peer_link *link)
{
        Server service;
        grpc::ServerBuilder builder;
        builder.AddListeningPort(address(link), grpc::InsecureServerCredentials());
        builder.RegisterService(&service);
        builder.SetMaxReceiveMessageSize(-1);
        builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
        builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
        builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
        auto server = builder.BuildAndStart();
        if (!server)
                peer_die("cannot listen");
        server->Wait();
}

struct Host {
        std::shared_ptr<grpc::Channel> channel;
        std::unique_ptr<bench::Answerer::Stub> stub;
        bench::Data data; /* kept: its string's memory is used again */
};

/* The server may not listen yet. The first attempt fails at once, and the next are by default a second apart. */
void *open(const struct peer_link *link)
{
        grpc::ChannelArguments arguments;
        arguments.SetMaxSendMessageSize(-1);
        arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
        auto *host = new Host;
        host->channel = grpc::CreateCustomChannel(address(link), grpc::InsecureChannelCredentials(), arguments);
        if (!host->channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)))
                peer_die("cannot connect");
        host->stub = bench::Answerer::NewStub(host->channel);
        return host;
}

void check(const grpc::Status &status)
{
        if (!status.ok())
                peer_die("%s", status.error_message().c_str());
}

int32_t call(void *host, int32_t x)
{
        grpc::ClientContext context;
        bench::Number request, response;
        request.set_value(x);
        check(static_cast<Host *>(host)->stub->IntInt(&context, request, &response));
        return response.value();
}

uint32_t send(void *host, const uint8_t *data, size_t len)
{
        auto *h = static_cast<Host *>(host);
        grpc::ClientContext context;
        bench::Sum response;
        h->data.set_data(data, len);
        check(h->stub->Bytes(&context, h->data, &response));
        return response.value();
}

void close(void *host)
{
        delete static_cast<Host *>(host);
}

struct peer describe()
{
        struct peer peer = {};
        peer.name = "grpc";
        peer.label = "gRPC";
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
