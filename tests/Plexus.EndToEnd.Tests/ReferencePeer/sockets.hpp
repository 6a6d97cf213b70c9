// Copyright the plexus authors. Licensed under the Apache License, Version 2.0.

// What everything else stands on: lines with times, endpoints, sockets.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <iostream>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;
using Bytes = std::vector<uint8_t>;

struct Failure : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

inline const Clock::time_point started = Clock::now();

template <typename... Parts>
inline void say(const Parts&... parts)
{
    static std::mutex turn;
    std::lock_guard lock(turn);
    std::cout << std::chrono::duration_cast<Milliseconds>(Clock::now() - started).count() << " ms ";
    (std::cout << ... << parts) << std::endl;
}

inline uint64_t random64()
{
    static std::random_device device;
    static std::mutex turn;
    std::lock_guard lock(turn);
    return uint64_t(device()) << 32 | device();
}

struct EndPoint
{
    uint32_t ip = 0; // host order, as the port
    uint16_t port = 0;

    bool operator==(const EndPoint& other) const { return ip == other.ip && port == other.port; }
    bool operator!=(const EndPoint& other) const { return !(*this == other); }

    std::string address() const
    {
        char text[INET_ADDRSTRLEN];
        in_addr raw{htonl(ip)};
        return inet_ntop(AF_INET, &raw, text, sizeof text);
    }

    static EndPoint parse(const std::string& ip, const std::string& port)
    {
        in_addr raw;
        if (inet_pton(AF_INET, ip.c_str(), &raw) != 1) throw Failure("not an IPv4 address: " + ip);
        return {ntohl(raw.s_addr), uint16_t(std::stoul(port))};
    }

    static EndPoint parse(const std::string& text)
    {
        auto colon = text.find(':');
        return parse(text.substr(0, colon), colon == std::string::npos ? "3478" : text.substr(colon + 1));
    }
};

inline std::ostream& operator<<(std::ostream& out, const EndPoint& e) { return out << e.address() << ':' << e.port; }

class Socket
{
public:
    explicit Socket(const EndPoint& local) : handle(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        int yes = 1;
        ::setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        auto raw = pack(local);
        if (::bind(handle, reinterpret_cast<sockaddr*>(&raw), sizeof raw) != 0)
        {
            ::close(handle);
            throw Failure("can't bind " + local.address() + ":" + std::to_string(local.port) + ": " + strerror(errno));
        }
    }

    ~Socket() { ::close(handle); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    EndPoint local() const
    {
        sockaddr_in raw{};
        socklen_t length = sizeof raw;
        ::getsockname(handle, reinterpret_cast<sockaddr*>(&raw), &length);
        return unpack(raw);
    }

    void send(const Bytes& data, const EndPoint& to)
    {
        auto raw = pack(to);
        ::sendto(handle, data.data(), data.size(), 0, reinterpret_cast<sockaddr*>(&raw), sizeof raw);
    }

    void send(const Bytes& data, const EndPoint& to, int hops)
    {
        int usual;
        socklen_t length = sizeof usual;
        ::getsockopt(handle, IPPROTO_IP, IP_TTL, &usual, &length);
        ::setsockopt(handle, IPPROTO_IP, IP_TTL, &hops, sizeof hops);
        send(data, to);
        ::setsockopt(handle, IPPROTO_IP, IP_TTL, &usual, sizeof usual);
    }

    // False when nothing has come until then.
    bool receive(Bytes& data, EndPoint& from, size_t most, Clock::time_point until)
    {
        pollfd wait{handle, POLLIN, 0};
        auto left = std::chrono::ceil<Milliseconds>(until - Clock::now()).count();
        if (left < 0 || ::poll(&wait, 1, int(left)) <= 0) return false;
        sockaddr_in raw{};
        socklen_t length = sizeof raw;
        data.resize(most);
        auto size = ::recvfrom(handle, data.data(), most, 0, reinterpret_cast<sockaddr*>(&raw), &length);
        data.resize(size < 0 ? 0 : size_t(size));
        from = unpack(raw);
        return true;
    }

private:
    static sockaddr_in pack(const EndPoint& e)
    {
        sockaddr_in raw{};
        raw.sin_family = AF_INET;
        raw.sin_addr.s_addr = htonl(e.ip);
        raw.sin_port = htons(e.port);
        return raw;
    }

    static EndPoint unpack(const sockaddr_in& raw) { return {ntohl(raw.sin_addr.s_addr), ntohs(raw.sin_port)}; }

    int handle;
};
