// Copyright the plexus authors. Licensed under the Apache License, Version 2.0.

// The handshake of release 3.2, in both roles.

#pragma once

#include <optional>

#include "sockets.hpp"

constexpr Milliseconds HandshakeLimit{60000}, HandshakePace{1600};

inline Bytes frame(bool flag, uint64_t secret)
{
    auto noise = random64();
    Bytes out(8);
    for (int i = 0; i < 7; ++i) out[i] = uint8_t(noise >> 8 * i);
    out[0] = uint8_t((out[0] & 0xFE) | flag);
    for (int i = 0; i < 7; ++i) out[7] ^= out[i];
    for (int i = 0; i < 8; ++i) out[i] ^= uint8_t(secret >> 8 * i);
    return out;
}

// The flag of the peer's next frame. A bad or short one ends the attempt: that is the original's way.
inline std::optional<bool> hear(Socket& socket, const EndPoint& peer, uint64_t secret, Clock::time_point until)
{
    Bytes data;
    EndPoint from;
    while (socket.receive(data, from, 8, until))
    {
        if (from != peer) continue;
        if (data.size() < 8) throw Failure("a short packet from the peer");
        uint8_t sum = 0;
        for (int i = 0; i < 8; ++i) sum ^= data[i] ^= uint8_t(secret >> 8 * i);
        if (sum) throw Failure("bad message checksum");
        return data[0] & 1;
    }

    return std::nullopt;
}

inline void reach(const EndPoint& inner, const EndPoint& peer, uint64_t secret)
{
    Socket socket(inner);
    auto end = Clock::now() + HandshakeLimit;
    for (Bytes out = frame(false, secret); Clock::now() < end;)
    {
        socket.send(out, peer);
        auto heard = hear(socket, peer, secret, std::min(end, Clock::now() + HandshakePace));
        if (!heard || !*heard) continue;
        socket.send(frame(true, secret), peer); // One, and never again.
        return;
    }

    throw Failure("no handshake with the peer in time");
}

inline void await(const EndPoint& inner, const EndPoint& peer, uint64_t secret, int hops)
{
    Socket socket(inner);
    auto end = Clock::now() + HandshakeLimit;
    socket.send(frame(false, secret), peer, hops);
    for (Bytes out = frame(true, secret); Clock::now() < end;)
    {
        auto heard = hear(socket, peer, secret, std::min(end, Clock::now() + HandshakePace));
        if (!heard) continue;
        if (*heard) return;
        socket.send(out, peer);
    }

    throw Failure("no handshake with the peer in time");
}
