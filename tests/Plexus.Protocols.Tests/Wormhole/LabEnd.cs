using Plexus.Protocols.Wormhole;

namespace Plexus.Protocols.Tests.Wormhole;

/// <summary>One end of a <see cref="TunnelLab"/>.</summary>
internal sealed class LabEnd(TunnelLab lab, Multiplexer core)
{
    private readonly List<byte> _carrier = []; // on its way to the other end

    public Multiplexer Core { get; } = core;

    /// <summary>Every local side there has been.</summary>
    public List<LabLocal> Locals { get; } = [];

    /// <summary>What happened, a word each.</summary>
    public List<string> Events { get; } = [];

    /// <summary>Everything that was given to the carrier.</summary>
    public List<byte> Wire { get; } = [];

    /// <summary>What it says to an opening; null accepts.</summary>
    public Func<MultiplexedConnection, TunnelReason?> Service { get; set; } = _ => null;

    /// <summary>Whether new local sides take what comes.</summary>
    public bool TakesAtOnce { get; set; } = true;

    public LabLocal? Open(TunnelProtocol protocol = TunnelProtocol.Tcp, string service = "ssh")
    {
        MultiplexedConnection? connection = Core.Open(protocol, service, lab.Now);
        TakeDismissed(); // One may have given way.
        return connection is null ? null : Add(connection);
    }

    public void TakeDismissed()
    {
        while (Core.TryTakeDismissed(out MultiplexedConnection connection))
        {
            Events.Add($"dismissed {connection.Id} {connection.Reason}");
            LabLocal local = (LabLocal)connection.Owner!;
            local.IsAborted = connection.Reason != TunnelReason.None;
            local.IsClosed = true;
            Drop(local);
        }
    }

    /// <summary>The local side takes bytes that wait for it.</summary>
    public void Take(LabLocal local, int count)
    {
        count = Math.Min(count, local.Waiting.Count);
        local.Taken.AddRange(local.Waiting.Take(count));
        local.Waiting.RemoveRange(0, count);
        Core.Delivered(local.Connection, count, lab.Now);
        if (local is { IsEnded: true, Waiting.Count: 0 }) local.IsClosed = !local.Connection.CanSend || local.IsClosed;
    }

    public void Fail(LabLocal local)
    {
        Core.Reset(local.Connection, TunnelReason.Reset, "");
        local.IsAborted = local.IsClosed = true;
        Drop(local);
    }

    /// <summary>Lets the core write while the carrier has room.</summary>
    public bool Transmit(byte[] buffer, int capacity)
    {
        bool worked = false;
        while (_carrier.Count < capacity && Core.TryTransmit(buffer, lab.Now, out Turn turn))
        {
            int length = turn.Length;
            if (turn.Connection is { Owner: LabLocal local } connection)
            {
                (int count, TurnResult result) = local.Read(buffer.AsSpan(length + Multiplexer.HeaderLength, turn.Room));
                length += Core.Complete(connection, buffer.AsSpan(length), count, result, lab.Now);
            }

            _carrier.AddRange(buffer.AsSpan(0, length));
            Wire.AddRange(buffer.AsSpan(0, length));
            worked = true;
        }

        TakeDismissed();
        return worked;
    }

    /// <summary>Carries bytes to the other end.</summary>
    public bool Carry(LabEnd to, int piece)
    {
        if (_carrier.Count == 0 || !to.Core.MayReceive) return false;
        int count = Math.Min(piece, _carrier.Count);
        byte[] bytes = [.. _carrier.Take(count)];
        _carrier.RemoveRange(0, count);
        to.Receive(bytes);
        return true;
    }

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        while (Core.TryReceive(ref bytes, lab.Now, out TunnelEvent e)) On(e);
        TakeDismissed();
    }

    private void On(TunnelEvent e)
    {
        LabLocal? local = e.Connection?.Owner as LabLocal;
        if (e.Kind is not (TunnelEventKind.Data or TunnelEventKind.Datagram)) Events.Add($"{e.Kind} {e.Connection?.Id} {e.Reason}".TrimEnd());
        switch (e.Kind)
        {
            case TunnelEventKind.Opened:
                local = Add(e.Connection!);
                if (Service(e.Connection!) is { } refusal) Core.Refuse(e.Connection!, refusal, "no");
                else Core.Accept(e.Connection!);
                break;
            case TunnelEventKind.Data:
                local!.Waiting.AddRange(e.Data);
                if (local.TakesAtOnce) Take(local, e.Data.Length);
                break;
            case TunnelEventKind.Datagram:
                local!.Datagrams.Add(e.Data.ToArray());
                break;
            case TunnelEventKind.Ended:
                local!.IsEnded = true;
                Take(local, 0);
                break;
            case TunnelEventKind.Reset:
                local!.IsAborted = local.IsClosed = true;
                Drop(local);
                break;
        }
    }

    private LabLocal Add(MultiplexedConnection connection)
    {
        LabLocal local = new(this, connection) { TakesAtOnce = TakesAtOnce };
        connection.Owner = local;
        Locals.Add(local);
        return local;
    }

    private void Drop(LabLocal local)
    {
        int count = local.Waiting.Count;
        local.Waiting.Clear();
        Core.Delivered(local.Connection, count, lab.Now);
    }
}
