// Copyright the plexus authors. Licensed under the Apache License, Version 2.0.
//
// A peer for interoperability tests that behaves like release 3.2 of the original program, and speaks through the real
// OpenDHT library: so what our own code writes is read by foreign code, and the reverse. It is written from our protocol
// pages (docs/protocols) and shares no line with any other program. IPv4 only, as the laboratory.
//
//   reference_peer [--accept] --app-id=A --app-repo=DIR --host-info=O/P --peer-info=O/P --stun-server=IP:PORT
//       --dht-bootstrap=IP:PORT --exec-command=PATH --exec-args=TEXT [--exec-log=FILE] [--dht-port=N] [--dht-network=N]
//       [--stun-client=IP:PORT] [--punch-hops=N] [--lose=N]
//   reference_peer talk INNERIP INNERPORT OUTERIP OUTERPORT PEERIP PEERPORT SECRET PIN     (the launched command)
//
// --lose=N plays a known defect of the original, which strikes it at random: the first N waits for an introduction
// oversleep it, and run into their 60 s.

#include <opendht.h>

#include "command.hpp"
#include "exploration.hpp"
#include "handshake.hpp"
#include "rendezvous.hpp"

namespace
{

EndPoint reserve(const Options& options)
{
    return Socket(EndPoint::parse(options.at("stun-client"))).local(); // Closed at once: the port is kept by custom only.
}

void invite(const Options& options, Rendezvous& rendezvous)
{
    auto peer = rendezvous.load(Name::parse(options.at("peer-info")));
    auto id = uint64_t(std::time(nullptr));
    auto inner = reserve(options);
    Introduction ours{explore(inner, EndPoint::parse(options.at("stun-server"))), random64()};
    say("explored ", ours.endPoint);
    rendezvous.put(peer, "invite", id, ours);
    say("invited ", id);
    auto theirs = rendezvous.acquire(peer, "accept", id);
    say("answered ", id);
    reach(inner, theirs.endPoint, ours.puzzle ^ theirs.puzzle);
    launch(options, rendezvous.name(), peer.name, inner, ours, theirs);
}

void serve(const Options& options, Rendezvous& rendezvous, uint64_t id, const Peer& peer)
{
    try
    {
        auto inner = reserve(options);
        Introduction ours{explore(inner, EndPoint::parse(options.at("stun-server"))), random64()};
        auto theirs = rendezvous.acquire(peer, "invite", id);
        rendezvous.put(peer, "accept", id, ours);
        say("answering ", id);
        await(inner, theirs.endPoint, ours.puzzle ^ theirs.puzzle, std::stoi(options.at("punch-hops")));
        launch(options, rendezvous.name(), peer.name, inner, ours, theirs);
    }
    catch (const std::exception& e)
    {
        say("failed ", id, ": ", e.what());
    }
}

void accept(const Options& options, Rendezvous& rendezvous)
{
    rendezvous.listen(Name::parse(options.at("peer-info")), [&](uint64_t id, const Peer& peer)
    {
        say("invitation ", id, " of ", peer.name.text());
        std::thread(serve, std::cref(options), std::ref(rendezvous), id, peer).detach();
    });
    say("waiting");
    for (;;) ::pause();
}

} // namespace

int main(int count, char** values)
try
{
    std::vector<std::string> given(values + 1, values + count);
    if (!given.empty() && given[0] == "talk") return talk({given.begin() + 1, given.end()});
    Options options{{"accept", ""}, {"peer-info", "/"}, {"stun-client", "0.0.0.0:0"}, {"dht-port", "4222"}, {"dht-network", "0"},
        {"punch-hops", "7"}, {"exec-args", "%innerip% %innerport% %outerip% %outerport% %peerip% %peerport%"}, {"exec-log", ""}, {"lose", "0"}};
    for (auto& word : given)
    {
        auto equals = word.find('=');
        if (word.rfind("--", 0) != 0) throw Failure("what is " + word + "?");
        options[word.substr(2, equals == std::string::npos ? equals : equals - 2)] = equals == std::string::npos ? "yes" : word.substr(equals + 1);
    }

    ::signal(SIGCHLD, SIG_IGN);
    auto rendezvous = new Rendezvous(options); // Never deleted: the process ends while the node still works, as the original's does.
    if (!options["accept"].empty()) accept(options, *rendezvous);
    else invite(options, *rendezvous);
    std::_Exit(0);
}
catch (const std::exception& e)
{
    std::cerr << "reference peer: " << e.what() << std::endl;
    std::_Exit(1);
}
