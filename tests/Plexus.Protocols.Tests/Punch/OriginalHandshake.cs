using System.Net;
using Plexus.Protocols.Punch;

namespace Plexus.Protocols.Tests.Punch;

/// <summary>What became of an original's handshake.</summary>
internal enum OriginalState
{
    Running,
    Succeeded,
    Aborted,
    TimedOut,
}

/// <summary>
/// The handshake as plexus 3.2.3 does it (and 3.4.1 in its role "server"), with its weaknesses: one last frame, one frame with
/// a low time-to-live, and an end at the first wrong datagram. Written from docs/protocols/handshake.md, apart from our own.
/// </summary>
internal sealed class OriginalHandshake : IDatagramProtocol
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1.6);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly PunchRole _role;
    private readonly IPEndPoint _peer;
    private readonly ulong _secret;
    private readonly Random _random;
    private readonly bool _isServer;
    private readonly Instant _end;
    private readonly Queue<(byte[] Bytes, byte? Hops)> _outgoing = new();
    private byte[] _out;
    private Instant _waitsUntil;

    public OriginalHandshake(PunchRole role, IPEndPoint peer, ulong secret, Random random, Instant now, bool isServer = false)
    {
        (_role, _peer, _secret, _random, _isServer) = (role, peer, secret, random, isServer);
        _end = now + Limit;
        _waitsUntil = now + Wait;
        if (role == PunchRole.Inviter)
        {
            _out = Frame(flag: 0);
            _outgoing.Enqueue((_out, null));
        }
        else
        {
            _outgoing.Enqueue((Frame(flag: 0), 7));
            _out = Frame(flag: 1);
        }
    }

    public OriginalState State { get; private set; }

    public Instant? Deadline => State == OriginalState.Running ? Instant.Earliest(_waitsUntil, _end) : null;

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (State != OriginalState.Running || !from.Equals(_peer)) return;
        if (datagram.Length < 8 || Check(datagram) is not { } flag)
        {
            State = OriginalState.Aborted;
            return;
        }

        _waitsUntil = now + Wait;
        if (_role == PunchRole.Acceptor)
        {
            if (flag == 1) State = OriginalState.Succeeded;
            else _outgoing.Enqueue((_out, null));
            if (flag == 1 || !_isServer) return;
            _outgoing.Enqueue((_out, null));
            State = OriginalState.Succeeded;
            return;
        }

        if (flag == 1)
        {
            _out = Frame(flag: 1);
            State = OriginalState.Succeeded; // After this frame, which is sent once.
        }

        _outgoing.Enqueue((_out, null));
    }

    public void OnDeadline(Instant now)
    {
        if (State != OriginalState.Running) return;
        if (now >= _end)
        {
            State = OriginalState.TimedOut;
        }
        else if (now >= _waitsUntil)
        {
            _waitsUntil = now + Wait;
            if (_role == PunchRole.Inviter) _outgoing.Enqueue((_out, null));
        }
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        transmit = default;
        if (!_outgoing.TryDequeue(out var next)) return false;
        next.Bytes.CopyTo(buffer);
        transmit = new(8, _peer, next.Hops);
        return true;
    }

    private byte[] Frame(int flag)
    {
        byte[] frame = new byte[8];
        _random.NextBytes(frame.AsSpan(0, 7));
        frame[0] = (byte)((frame[0] & 0xFE) | flag);
        for (int i = 0; i < 7; i++) frame[7] ^= frame[i];
        for (int i = 0; i < 8; i++) frame[i] ^= (byte)(_secret >> (8 * i));
        return frame;
    }

    private int? Check(ReadOnlySpan<byte> frame)
    {
        byte sum = 0;
        for (int i = 0; i < 8; i++) sum ^= (byte)(frame[i] ^ (byte)(_secret >> (8 * i)));
        return sum == 0 ? (frame[0] ^ (byte)_secret) & 1 : null;
    }
}
