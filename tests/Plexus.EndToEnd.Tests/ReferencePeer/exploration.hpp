// Copyright the plexus authors. Licensed under the Apache License, Version 2.0.

// What STUN tells: RFC 3489, all sixteen bytes of the transaction random.

#pragma once

#include <ifaddrs.h>

#include <map>
#include <optional>

#include "sockets.hpp"

constexpr Milliseconds MappingLimit{4600}, FilteringLimit{1400};

struct Mapping
{
    EndPoint mapped, source, changed;
};

// An answer counts when it comes from the expected endpoint and has the transaction. So does our own request, come back.
inline std::optional<Mapping> ask(Socket& socket, const EndPoint& to, const EndPoint& from, uint8_t flags, Milliseconds limit)
{
    Bytes request{0, 1, 0, 8};
    for (int i = 0; i < 16; ++i) request.push_back(uint8_t(random64()));
    request.insert(request.end(), {0, 3, 0, 4, 0, 0, 0, flags});

    auto end = Clock::now() + limit;
    Bytes reply;
    EndPoint sender;
    for (Milliseconds pause{200}; Clock::now() < end; pause = std::min(pause * 2, Milliseconds{1600}))
    {
        socket.send(request, to);
        auto until = std::min(end, Clock::now() + pause);
        while (socket.receive(reply, sender, 548, until))
        {
            if (sender != from || reply.size() < 20 || !std::equal(reply.begin() + 4, reply.begin() + 20, request.begin() + 4))
                continue;
            int type = reply[0] << 8 | reply[1];
            if (type == 0x0001) return Mapping{};
            if (type == 0x0111) throw Failure("the STUN server sent an error");
            if (type != 0x0101) continue;
            std::map<int, EndPoint> found;
            for (size_t at = 20; at + 4 <= reply.size(); at += 4 + (reply[at + 2] << 8 | reply[at + 3]))
            {
                if (at + 12 > reply.size() || reply[at + 5] != 1) continue;
                const uint8_t* v = &reply[at + 4];
                found[reply[at] << 8 | reply[at + 1]] = {
                    uint32_t(v[4]) << 24 | uint32_t(v[5]) << 16 | uint32_t(v[6]) << 8 | v[7], uint16_t(v[2] << 8 | v[3])};
            }

            if (!found.count(1) || !found.count(4) || !found.count(5)) throw Failure("the STUN answer lacks a classic attribute");
            return Mapping{found[1], found[4], found[5]};
        }
    }

    return std::nullopt;
}

inline bool isLocal(uint32_t ip)
{
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return false;
    bool found = false;
    for (auto* one = all; one; one = one->ifa_next)
    {
        found |= one->ifa_addr && one->ifa_addr->sa_family == AF_INET
            && ntohl(reinterpret_cast<sockaddr_in*>(one->ifa_addr)->sin_addr.s_addr) == ip;
    }

    ::freeifaddrs(all);
    return found;
}

// The outer endpoint; refuses a mapping that depends on the destination.
inline EndPoint explore(const EndPoint& inner, const EndPoint& server)
{
    Socket socket(inner);
    auto binding = ask(socket, server, server, 0, MappingLimit);
    if (!binding) throw Failure("the STUN server is silent");
    auto [outer, source, changed] = *binding;
    if (outer.port == inner.port && (inner.ip ? outer.ip == inner.ip : isLocal(outer.ip))) return outer;

    auto mapping = ask(socket, changed, changed, 0, MappingLimit);
    if (!mapping) throw Failure("the STUN server's other address is silent");
    if (mapping->mapped != outer)
    {
        EndPoint second{changed.ip, server.port};
        ask(socket, second, second, 0, MappingLimit);
        throw Failure("bad network: the mapping depends on the destination");
    }

    // What comes out of these is used by nobody, but the time that they take is the original's.
    Socket separate(EndPoint{inner.ip, 0});
    if (!ask(separate, server, changed, 6, FilteringLimit) && !ask(separate, server, {changed.ip, server.port}, 4, FilteringLimit))
        ask(separate, server, {server.ip, changed.port}, 2, FilteringLimit);
    ask(socket, outer, outer, 0, FilteringLimit);
    return outer;
}
