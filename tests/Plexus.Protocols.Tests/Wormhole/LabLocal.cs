using Plexus.Protocols.Wormhole;

namespace Plexus.Protocols.Tests.Wormhole;

/// <summary>The local side of one connection.</summary>
internal sealed class LabLocal(LabEnd end, MultiplexedConnection connection)
{
    private readonly List<byte> _toSend = [];
    private readonly Queue<byte[]> _datagramsToSend = new();
    private bool _isFinished;

    public MultiplexedConnection Connection { get; } = connection;

    public List<byte> Taken { get; } = [];

    public List<byte> Waiting { get; } = [];

    public List<byte[]> Datagrams { get; } = [];

    public bool TakesAtOnce { get; set; } = true;

    /// <summary>The end of the peer's data has come.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Nothing goes either way any more.</summary>
    public bool IsClosed { get; set; }

    /// <summary>It saw a reset, not an end.</summary>
    public bool IsAborted { get; set; }

    public void Send(ReadOnlySpan<byte> data)
    {
        _toSend.AddRange(data);
        end.Core.Ready(Connection);
    }

    public void SendDatagram(byte[] datagram)
    {
        _datagramsToSend.Enqueue(datagram);
        end.Core.Ready(Connection);
    }

    public void Finish()
    {
        _isFinished = true;
        end.Core.Ready(Connection);
    }

    public (int Count, TurnResult Result) Read(Span<byte> buffer)
    {
        if (_datagramsToSend.TryDequeue(out byte[]? datagram))
        {
            datagram.CopyTo(buffer);
            return (datagram.Length, _datagramsToSend.Count > 0 ? TurnResult.More : TurnResult.Drained);
        }

        int count = Math.Min(buffer.Length, _toSend.Count);
        _toSend[..count].CopyTo(buffer);
        _toSend.RemoveRange(0, count);
        return (count, _toSend.Count > 0 ? TurnResult.More : _isFinished ? TurnResult.End : TurnResult.Drained);
    }
}
