// Copyright the plexus authors. Licensed under the Apache License, Version 2.0.

// Identities, introductions, and their exchange through OpenDHT.

#pragma once

#include <opendht.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <thread>

#include "sockets.hpp"

constexpr Milliseconds ContentLimit{60000}, PutLimit{20000}, PutPause{2000};

struct Name
{
    std::string owner, pin;

    static Name parse(const std::string& text)
    {
        auto slash = text.find('/');
        if (slash == std::string::npos) throw Failure("not an identity: " + text);
        return {text.substr(0, slash), text.substr(slash + 1)};
    }

    bool matches(const Name& filter) const
    {
        return (filter.owner.empty() || filter.owner == owner) && (filter.pin.empty() || filter.pin == pin);
    }

    std::string text() const { return owner + "/" + pin; }
};

inline std::string readFile(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in) throw Failure("can't read " + path.string());
    return {std::istreambuf_iterator<char>(in), {}};
}

struct Peer
{
    Name name;
    std::shared_ptr<dht::crypto::PublicKey> key;
};

struct Introduction
{
    EndPoint endPoint;
    uint64_t puzzle = 0;

    std::string text() const
    {
        return "PLEXUS 3.0 " + endPoint.address() + " " + std::to_string(endPoint.port) + " " + std::to_string(puzzle);
    }

    static std::optional<Introduction> parse(const std::string& text)
    {
        static const std::regex form(R"(^\s*PLEXUS 3\.0 ([0-9.]+) ([0-9]+) ([0-9]+)\s*$)");
        std::smatch parts;
        if (!std::regex_match(text, parts, form)) return std::nullopt;
        return Introduction{EndPoint::parse(parts[1], parts[2]), std::stoull(parts[3])};
    }
};

using Options = std::map<std::string, std::string>;

class Rendezvous
{
public:
    explicit Rendezvous(const Options& options)
        : app(options.at("app-id")), repository(options.at("app-repo")), host(Name::parse(options.at("host-info"))),
          own(key(readFile(repository / host.owner / host.pin / "private.key"))), ownId(load(host).key->getId()),
          toLose(std::stoi(options.at("lose")))
    {
        dht::DhtRunner::Config config;
        config.dht_config.node_config.network = uint32_t(std::stoul(options.at("dht-network")));
        node.run(in_port_t(std::stoul(options.at("dht-port"))), config);
        auto bootstrap = options.at("dht-bootstrap");
        auto colon = bootstrap.find(':');
        node.bootstrap(bootstrap.substr(0, colon), colon == std::string::npos ? "4222" : bootstrap.substr(colon + 1));
    }

    Peer load(const Name& name) const
    {
        dht::crypto::Certificate certificate(readFile(repository / name.owner / name.pin / "cert.crt"));
        return {name, std::make_shared<dht::crypto::PublicKey>(certificate.getPublicKey())};
    }

    // Everybody in the repository, by key id. What is added later stays unknown.
    std::map<dht::InfoHash, Peer> everybody() const
    {
        std::map<dht::InfoHash, Peer> all;
        for (auto& owner : std::filesystem::directory_iterator(repository))
            for (auto& pin : std::filesystem::directory_iterator(owner))
            {
                if (!std::filesystem::exists(pin.path() / "cert.crt")) continue;
                auto peer = load({owner.path().filename(), pin.path().filename()});
                all.try_emplace(peer.key->getId(), peer);
            }

        return all;
    }

    // Sends in the background, as the original: whether it was stored is told, and changes nothing.
    void put(const Peer& peer, const char* subject, uint64_t id, const Introduction& ours)
    {
        auto value = std::make_shared<dht::Value>(peer.key->encrypt(dht::packMsg(ours.text())));
        value->id = id;
        value->sign(own);
        attempt(where(peer.key->getId(), subject), value, Clock::now() + PutLimit);
    }

    // The introduction with this id at our own key, from this peer.
    Introduction acquire(const Peer& peer, const char* subject, uint64_t id)
    {
        struct State
        {
            std::mutex turn;
            std::condition_variable changed;
            std::optional<Introduction> found;
        };
        auto state = std::make_shared<State>();
        bool oversleep = toLose-- > 0;
        auto key = where(ownId, subject);
        auto token = node.listen(key, [this, state, peer, id](const std::vector<std::shared_ptr<dht::Value>>& values)
        {
            for (auto& value : values)
            {
                if (auto found = open(*value, peer, id))
                {
                    std::lock_guard lock(state->turn);
                    state->found = found;
                    state->changed.notify_all();
                    return false;
                }
            }

            return true;
        }, dht::Value::IdFilter(id));

        std::unique_lock lock(state->turn);
        bool found = state->changed.wait_for(lock, ContentLimit, [&] { return state->found.has_value() && !oversleep; });
        lock.unlock();
        node.cancelListen(key, token.share());
        if (!found) throw Failure("no introduction of " + peer.name.text() + " with id " + std::to_string(id));
        return *state->found;
    }

    // Calls back for each invitation, on the node's thread, for ever.
    void listen(const Name& filter, std::function<void(uint64_t, const Peer&)> notice)
    {
        auto since = uint64_t(std::time(nullptr));
        auto last = std::make_shared<std::map<dht::InfoHash, uint64_t>>();
        auto known = everybody();
        node.listen(where(ownId, "invite"), [=](const std::vector<std::shared_ptr<dht::Value>>& values)
        {
            for (auto& value : values)
            {
                if (value->id < since || !value->owner) continue;
                auto peer = known.find(value->owner->getId());
                if (peer == known.end() || !peer->second.name.matches(filter)) continue;
                auto& greatest = (*last)[peer->first];
                if (value->id <= greatest) continue;
                greatest = value->id;
                notice(value->id, peer->second);
            }

            return true;
        });
    }

    const Name& name() const { return host; }

private:
    static dht::crypto::PrivateKey key(const std::string& pem) { return {Bytes(pem.begin(), pem.end())}; }

    dht::InfoHash where(const dht::InfoHash& recipient, const char* subject) const
    {
        return dht::InfoHash::get(recipient.toString() + app + subject);
    }

    void attempt(dht::InfoHash key, std::shared_ptr<dht::Value> value, Clock::time_point until)
    {
        node.put(key, value, [=](bool stored)
        {
            say(stored ? "stored " : "not stored ", value->id);
            if (stored) return node.cancelPut(key, value->id);
            if (Clock::now() + PutPause >= until) return;
            std::thread([=] { std::this_thread::sleep_for(PutPause); attempt(key, value, until); }).detach();
        });
    }

    std::optional<Introduction> open(const dht::Value& value, const Peer& peer, uint64_t id) const
    {
        if (value.id != id || !value.owner || value.owner->getId() != peer.key->getId()) return std::nullopt;
        if (!peer.key->checkSignature(value.getToSign(), value.signature)) return std::nullopt;
        try
        {
            return Introduction::parse(dht::unpackMsg<std::string>(own.decrypt(value.data)));
        }
        catch (const std::exception& e)
        {
            say("value ", id, " can't be read: ", e.what());
            return std::nullopt;
        }
    }

    std::string app;
    std::filesystem::path repository;
    Name host;
    dht::crypto::PrivateKey own;
    dht::InfoHash ownId;
    std::atomic<int> toLose;
    dht::DhtRunner node;
};
