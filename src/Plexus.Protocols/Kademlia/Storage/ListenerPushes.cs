using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Kademlia.Storage;

/// <summary>Tells those who listen here what happens to values. docs/protocols/opendht-node.md, "Serving".</summary>
/// <remarks>
/// A listener that misses a push, because it does not answer for a while, gets all values with its next renewal:
/// OpenDHT leaves such a gap open.
/// </remarks>
internal sealed class ListenerPushes(
    Transactions transactions, Outbox outbox, KademliaWriter writer, WriteTokens tokens) : IRequestOwner
{
    /// <summary>A value is new under a key.</summary>
    public void Stored(StoredKey key, DhtValue value, Instant now)
    {
        foreach (StoredListener listener in key.Listeners)
        {
            if (listener.Query.Matches(value)) PushValues(listener, [value], now);
        }
    }

    public void Refreshed(StoredKey key, ulong id, Instant now)
    {
        foreach (StoredListener listener in key.Listeners)
        {
            byte[] token = tokens.Issue(listener.EndPoint, now);
            if (listener.IsLegacy) outbox.Send(listener.EndPoint, writer.LegacyRefreshed(listener.SocketId, [id], token));
            else Send(listener, t => [writer.UpdateRefreshed(t, listener.SocketId, [id], token)], now);
        }
    }

    public void Removed(StoredKey key, ulong id, Instant now)
    {
        foreach (StoredListener listener in key.Listeners)
        {
            byte[] token = tokens.Issue(listener.EndPoint, now);
            if (listener.IsLegacy) outbox.Send(listener.EndPoint, writer.LegacyExpired(listener.SocketId, [id], token));
            else Send(listener, t => [writer.UpdateExpired(t, listener.SocketId, [id], token)], now);
        }
    }

    /// <summary>Pushes everything that the listener wants: it is new, or has missed something.</summary>
    public void PushAll(StoredListener listener, Instant now)
    {
        listener.HasMissed = false;
        foreach (IReadOnlyList<DhtValue> batch in ValueParts.Batch(
            listener.Key.Values.Select(stored => stored.Value).Where(listener.Query.Matches)))
        {
            PushValues(listener, batch, now);
        }
    }

    public void OnReply(PendingRequest request, RemoteNode node, KademliaMessage reply, Instant now)
    {
    }

    public void OnError(PendingRequest request, ulong code, Instant now)
    {
    }

    public void OnSlow(PendingRequest request, Instant now)
    {
    }

    public void OnExpired(PendingRequest request, Instant now) => ((StoredListener)request.Subject!).HasMissed = true;

    private void PushValues(StoredListener listener, IReadOnlyList<DhtValue> values, Instant now)
    {
        byte[] token = tokens.Issue(listener.EndPoint, now);
        if (listener.IsLegacy) outbox.Send(listener.EndPoint, writer.Values(listener.SocketId, listener.EndPoint, [], [], token, values));
        else Send(listener, t => writer.Update(t, listener.Key.Key, listener.SocketId, values, null, token), now);
    }

    private void Send(StoredListener listener, Func<uint, IReadOnlyList<byte[]>> write, Instant now)
    {
        // To one that does not answer, nothing is sent until it renews.
        if (listener.Node.IsExpired || transactions.Send(KademliaRequest.Update, listener.Node, listener.EndPoint, write, now, this, listener) is null)
            listener.HasMissed = true;
    }
}
