using System.Net;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Searching;
using Plexus.Protocols.Kademlia.Storage;

namespace Plexus.Protocols.Kademlia;

/// <summary>The way of a datagram that came in, docs/protocols/opendht-node.md, "Receiving": filters, parts of values, and who has to know of it.</summary>
internal sealed class Intake
{
    private readonly KademliaContext _context;
    private readonly Blacklist _blacklist;
    private readonly Contacts _contacts;
    private readonly ReportedAddresses _reported;
    private readonly RequestServer _server;
    private readonly PartReassembly _parts = new();
    private readonly RequestRateLimit _rateLimit;
    private readonly TimedAction _expireParts;

    public Intake(KademliaContext context, Blacklist blacklist, Contacts contacts, ReportedAddresses reported, RequestServer server)
    {
        _context = context;
        _blacklist = blacklist;
        _contacts = contacts;
        _reported = reported;
        _server = server;
        _rateLimit = new RequestRateLimit(context.Options.RequestsPerSecondAndAddress, context.Options.RequestsPerSecond);
        _expireParts = new TimedAction(ExpireParts);
    }

    /// <summary>The node of the other address family on this host.</summary>
    public KademliaNode? Sibling { get; set; }

    /// <summary>Messages whose parts are not complete.</summary>
    public int PartCount => _parts.Count;

    /// <summary>The checks, in the order of the page. Answers why the datagram was dropped.</summary>
    public DropReason? Take(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (Martians.IsMartian(from) || !_context.Options.IsOurFamily(from)) return DropReason.Martian;
        if (_blacklist.Contains(from, now)) return DropReason.Blacklisted;
        if (!KademliaMessage.TryRead(datagram, out KademliaMessage? message)) return DropReason.Malformed;
        if (message!.NetworkId != _context.Options.NetworkId) return DropReason.OtherNetwork;
        if (message.Kind == KademliaMessageKind.Part) return OnPart(message, from, now);
        if (message.Sender.IsZero || message.Sender == _context.Options.Id) return DropReason.NoSender;
        if (message.Kind == KademliaMessageKind.Request)
        {
            if (!_rateLimit.TryAdmit(from.Address, now)) return DropReason.RateLimit;
        }
        else if (CheckAnswer(message, from) is { } reason)
        {
            return reason;
        }

        if (message.Announced.Count == 0) return Process(message, from, now);
        KademliaMessage? complete = _parts.OnHeader(message, from, now);
        ScheduleParts();
        return complete is null ? null : Process(complete, from, now);
    }

    private DropReason? OnPart(KademliaMessage part, IPEndPoint from, Instant now)
    {
        if (!_parts.Expects(from, part.TransactionId) && !_rateLimit.TryAdmit(from.Address, now)) return DropReason.StrayPart;
        KademliaMessage? complete = _parts.OnPart(part, from, now);
        ScheduleParts();
        return complete is null ? null : Process(complete, from, now);
    }

    /// <summary>Whether a reply, error or legacy push answers a request or registration of ours, from where we sent it.</summary>
    private DropReason? CheckAnswer(KademliaMessage message, IPEndPoint from)
    {
        if (message.Kind != KademliaMessageKind.LegacyPush && _context.Transactions.Find(message.TransactionId) is { } request)
            return request.EndPoint.Equals(from) ? null : DropReason.WrongSource;
        if (message.Kind == KademliaMessageKind.Error || !_context.Transactions.Sockets.TryGetValue(message.TransactionId, out ListenSocket? socket)) return DropReason.Unexpected;
        return socket.Node.Id == message.Sender && socket.Node.EndPoint.Equals(from) ? null : DropReason.WrongSource;
    }

    private DropReason? Process(KademliaMessage message, IPEndPoint from, Instant now)
    {
        if (message.Kind == KademliaMessageKind.Request)
        {
            if (!AdmitsValues(message, from, now)) return DropReason.RateLimit;
            OnRequest(message, from, now);
            return null;
        }

        if (CheckAnswer(message, from) is { } reason) return reason; // Parts took their time.
        if (_context.Transactions.Find(message.TransactionId) is { } request && message.Kind != KademliaMessageKind.LegacyPush)
        {
            OnAnswer(message, request, now);
        }
        else
        {
            ListenSocket socket = _context.Transactions.Sockets[message.TransactionId];
            socket.Node.OnHeard(message.IsClient, now);
            socket.Search.Registrations.OnPush(message, socket.Node, now);
        }

        return null;
    }

    /// <summary>A put of many values costs as much as many puts, and counts as many. Nodes put one at a time.</summary>
    private bool AdmitsValues(KademliaMessage message, IPEndPoint from, Instant now)
    {
        if (message.Request != KademliaRequest.Put) return true;
        for (int i = 1; i < message.Values.Count; i++)
        {
            if (!_rateLimit.TryAdmit(from.Address, now)) return false;
        }

        return true;
    }

    private void OnRequest(KademliaMessage message, IPEndPoint from, Instant now)
    {
        ListenSocket? socket = message.Request == KademliaRequest.Update
            && _context.Transactions.Sockets.TryGetValue(message.SocketId, out ListenSocket? known)
            && known.Node.Id == message.Sender ? known : null;
        bool isProved = socket is not null || _server.HasValidToken(message, from, now);
        RemoteNode? sender = _contacts.OnRequest(message, from, isProved, now);
        if (sender is not null)
        {
            _context.Nodes.Hold(sender);
            _contacts.Confirm(sender, Confirmation.Heard, now);
        }

        _server.Serve(message, sender, from, now);
        if (socket is not null) socket.Search.Registrations.OnPush(message, socket.Node, now);
        if (sender is not null) _context.Nodes.Release(sender);
    }

    private void OnAnswer(KademliaMessage message, PendingRequest request, Instant now)
    {
        if (message.Kind == KademliaMessageKind.Error && !IsMeaningful(message.ErrorCode, request.Kind)) return; // The request goes on.
        RemoteNode node = _contacts.OnAnswer(message, request, now);
        if (message.ReportedAddress is { } address) _reported.Add(address);
        if (message.Kind == KademliaMessageKind.Error)
        {
            request.Owner?.OnError(request, message.ErrorCode, now);
        }
        else
        {
            request.Owner?.OnReply(request, node, message, now);
            if (!node.IsExpired && request.Kind is KademliaRequest.Find or KademliaRequest.Get)
            {
                Learn(message.Nodes4, node, isV6: false, now);
                Learn(message.Nodes6, node, isV6: true, now);
            }
        }

        if (!node.IsExpired) _contacts.Confirm(node, Confirmation.Replied, now);
        _context.Nodes.Release(node);
    }

    private void Learn(IReadOnlyList<NodeEntry> entries, RemoteNode teller, bool isV6, Instant now)
    {
        if (isV6 == _context.Options.IsV6) _contacts.Learn(entries, teller, now);
        else if (Sibling is not null)
        {
            foreach (NodeEntry entry in entries) Sibling.Insert(entry, now);
        }
    }

    private static bool IsMeaningful(ulong code, KademliaRequest kind) =>
        (code == KademliaError.WrongToken && kind is KademliaRequest.Put or KademliaRequest.Refresh or KademliaRequest.Listen)
        || (code == KademliaError.NotFound && kind == KademliaRequest.Refresh);

    private void ScheduleParts()
    {
        if (_parts.Deadline is { } deadline) _context.Agenda.SetNoLater(_expireParts, deadline);
    }

    private void ExpireParts(Instant now)
    {
        _parts.Expire(now);
        ScheduleParts();
    }
}
