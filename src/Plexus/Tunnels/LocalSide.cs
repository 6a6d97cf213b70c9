using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>What a connection of a tunnel is on this machine: a TCP connection, or a UDP flow.</summary>
/// <remarks>The carrier calls it; none of its methods waits, and none is called twice at once except <see cref="Read"/> beside the others.</remarks>
internal abstract class LocalSide
{
    protected LocalSide(Carrier carrier, MultiplexedConnection connection)
    {
        (Carrier, Connection) = (carrier, connection);
        connection.Owner = this;
    }

    public MultiplexedConnection Connection { get; }

    /// <summary>Whether bytes of the peer wait for its receiver.</summary>
    public virtual bool IsDelivering => false;

    protected Carrier Carrier { get; }

    /// <summary>Gives what it has, as its turn has come to send. What it has not read costs no memory here.</summary>
    /// <param name="buffer">Where the bytes go.</param>
    /// <param name="result">What is to be expected after them. Nothing read and more to come: it does not fit, and wants a larger buffer.</param>
    /// <returns>How many bytes.</returns>
    public abstract int Read(Span<byte> buffer, out TurnResult result);

    /// <summary>Takes data or a datagram from the peer; what it cannot pass on at once it keeps, or drops if it is a datagram.</summary>
    public abstract void Deliver(ReadOnlySpan<byte> data);

    /// <summary>The peer sends no more. If the connection cannot send either, it is over when everything is delivered.</summary>
    public abstract void End();

    /// <summary>The connection is over at once, and whoever is connected must not take it for an end.</summary>
    public abstract void Abort(TunnelReason reason, string text);

    /// <summary>The peer's service is connected.</summary>
    public virtual void Accepted() { }

    /// <summary>The carrier is gone: what has come whole is still delivered, the rest is aborted.</summary>
    public abstract void CarrierEnded();

    /// <summary>Called about once a second while registered with <see cref="Housekeeping"/>.</summary>
    public virtual void Tick(TimeSpan now) { }
}
