// Copyright the plexus authors. Licensed under the Apache License, Version 2.0.

// The launched command: how it is started, and a command that tells what it was given.

#pragma once

#include <fcntl.h>
#include <signal.h>

#include <sstream>

#include "rendezvous.hpp"

inline void launch(const Options& options, const Name& host, const Name& peer, const EndPoint& inner, const Introduction& ours, const Introduction& theirs)
{
    std::string line = options.at("exec-args"), log = options.at("exec-log"), command = options.at("exec-command");
    const std::pair<const char*, std::string> values[] = {
        {"%innerip%", inner.address()}, {"%innerport%", std::to_string(inner.port)},
        {"%outerip%", ours.endPoint.address()}, {"%outerport%", std::to_string(ours.endPoint.port)},
        {"%peerip%", theirs.endPoint.address()}, {"%peerport%", std::to_string(theirs.endPoint.port)},
        {"%secret%", std::to_string(ours.puzzle ^ theirs.puzzle)}, {"%hostpin%", host.pin}, {"%peerpin%", peer.pin},
        {"%hostemail%", host.owner}, {"%peeremail%", peer.owner}};
    for (auto& [wildcard, value] : values)
        for (auto* text : {&line, &log})
            for (size_t at; (at = text->find(wildcard)) != std::string::npos;) text->replace(at, strlen(wildcard), value);

    std::istringstream blanks(line);
    std::vector<std::string> words{command};
    for (std::string word; blanks >> word;) words.push_back(word);
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    pid_t child = ::fork();
    if (child < 0) throw Failure("can't start the command");
    if (child == 0)
    {
        ::setsid();
        ::signal(SIGCHLD, SIG_DFL);
        int out = ::open(log.empty() ? "/dev/null" : log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
        ::dup2(out, 1);
        ::dup2(out, 2);
        ::close(0);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }

    say("open ", peer.text(), " ", theirs.endPoint, ", command ", child);
}

// Tells what it was given, and tells the peer's command the secret until both have heard each other.
inline int talk(const std::vector<std::string>& given)
{
    if (given.size() != 8) throw Failure("talk needs eight values");
    auto inner = EndPoint::parse(given[0], given[1]), outer = EndPoint::parse(given[2], given[3]), peer = EndPoint::parse(given[4], given[5]);
    std::cout << "inner " << inner << "\nouter " << outer << "\npeer " << peer << "\nsecret " << given[6] << std::endl;
    Socket socket(inner);
    bool heard = false, known = false;
    Bytes data;
    EndPoint from;
    auto end = Clock::now() + Milliseconds{20000};
    for (int after = 0; after < 5 && Clock::now() < end; after += known && heard)
    {
        std::string words = "talk " + given[6] + " " + given[7] + (heard ? " heard" : " hello");
        socket.send(Bytes(words.begin(), words.end()), peer);
        for (auto until = Clock::now() + Milliseconds{50}; socket.receive(data, from, 500, until);)
        {
            std::istringstream in(std::string(data.begin(), data.end()));
            std::string magic, secret, pin, state;
            in >> magic >> secret >> pin >> state;
            if (from != peer || magic != "talk" || secret != given[6]) continue;
            if (!heard) std::cout << "heard " << pin << std::endl;
            heard = true;
            known |= state == "heard";
        }
    }

    std::cout << (heard && known ? "done" : "silence") << std::endl;
    return heard && known ? 0 : 1;
}
