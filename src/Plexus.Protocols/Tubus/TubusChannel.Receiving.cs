namespace Plexus.Protocols.Tubus;

/// <content>What a channel receives.</content>
internal sealed partial class TubusChannel
{
    /// <summary>Takes datagrams that lie one after another; they are changed in place.</summary>
    /// <param name="datagrams">The datagrams.</param>
    /// <param name="datagramLength">The length of each; only the last may be shorter.</param>
    /// <param name="now">The time.</param>
    public void OnDatagrams(Span<byte> datagrams, int datagramLength, Instant now)
    {
        if (datagramLength <= 0) return;
        if (_secret != 0) TubusMask.Remove(datagrams, datagramLength, _secret);
        OnPlainDatagrams(datagrams, datagramLength, now);
    }

    /// <summary>Takes datagrams whose mask is off.</summary>
    public void OnPlainDatagrams(ReadOnlySpan<byte> datagrams, int datagramLength, Instant now)
    {
        _now = now;
        for (int at = 0; at < datagrams.Length; at += datagramLength)
            OnDatagram(datagrams[at..Math.Min(at + datagramLength, datagrams.Length)], now);

        if (State == TubusState.Closed) return;
        _sender.EndBatch(now);
        if (HasData) _receiver.Review();
        TearIfFlushed(now);
        if (_pool.FreeCount > 0) _trimDue ??= now + PagePool.TrimInterval;
    }

    private void OnDatagram(ReadOnlySpan<byte> datagram, Instant now)
    {
        if (!TubusPacket.TryRead(datagram, out TubusPacket packet) || !Admits(packet))
        {
            _datagramsDropped++;
            if (_remotePin != 0 && packet.Pin != 0 && IsForeignLink(datagram, datagram.Length)) _link.Doubt(now);
            return;
        }

        _datagramsReceived++;
        _link.LastHeard = now;
        if (!_isValidated) _unanswered += datagram.Length;
        bool isTold = false;
        TubusSections sections = packet.Sections;
        while (sections.MoveNext())
        {
            if (sections.Type == TubusSectionType.Move)
            {
                if (HasData) _receiver.OnMove(sections.Number, sections.Data);
            }
            else if (sections.Type == TubusSectionType.MoveEcho)
            {
                _sender.OnEcho(sections.Number, now);
            }
            else if (sections.Type == TubusSectionType.Arrived)
            {
                if (!isTold) _sender.OnArrived(sections.Number, sections.Data, now);
                isTold = true; // Once a datagram is enough.
            }
            else
            {
                OnSection(sections.Type, sections.Number, now);
            }
        }

        if (sections.IsMalformed) _datagramsDropped++;
    }

    private void OnSection(TubusSectionType type, ulong number, Instant now)
    {
        switch (type)
        {
            case TubusSectionType.Link:
                _link.OnLink(now);
                break;
            case TubusSectionType.LinkEcho:
                _link.OnLinkEcho(now);
                break;
            case TubusSectionType.Tear:
                _link.OnTear(isComplete: !_receiver.Window.HasGaps && (_final is null || _final == (ulong)_receiver.Window.Next));
                EndIfClosed();
                break;
            case TubusSectionType.TearEcho:
                _link.OnTearEcho();
                EndIfClosed();
                break;
            case TubusSectionType.Ping:
                _link.OnPing(number);
                break;
            case TubusSectionType.PingEcho:
                OnPingEcho(number, now);
                break;
            case TubusSectionType.Edge when HasData || State == TubusState.Connecting:
                _sender.OnEdge(number);
                _receiver.OnEdge();
                break;
            case TubusSectionType.Final:
                _final = number;
                break;
            case TubusSectionType.Extension:
                _receiver.IsPeerOurs = Options.Extends;
                break;
            case TubusSectionType.EdgeEcho:
                _receiver.OnEdgeEcho(number);
                break;
            default:
                break; // Unknown, and skipped: a later version's.
        }
    }

    private void OnPingEcho(ulong value, Instant now)
    {
        if (_sender.Mtu.OnEcho(value, now))
        {
            _sender.Control.DatagramLength = _sender.Mtu.Size;
        }
        else if (_link.OnPingEcho(value, now, out TimeSpan roundTrip, out bool isNewest))
        {
            _isValidated = true;
            _pinged = now;
            _link.OnValidated();
            _sender.OnPingEcho(roundTrip, isNewest ? _pingOrder : 0, now);
        }
    }

    /// <summary>Whether one of these datagrams, their mask off, asks for a channel.</summary>
    public static bool IsLink(ReadOnlySpan<byte> datagrams, int datagramLength) => HasLink(datagrams, datagramLength, pin: 0);

    /// <summary>Whether one of these datagrams, their mask off, asks for another channel than this one.</summary>
    public bool IsForeignLink(ReadOnlySpan<byte> datagrams, int datagramLength) => HasLink(datagrams, datagramLength, _remotePin);

    private static bool HasLink(ReadOnlySpan<byte> datagrams, int datagramLength, uint pin)
    {
        for (int at = 0; at < datagrams.Length; at += datagramLength)
        {
            if (!TubusPacket.TryRead(datagrams[at..Math.Min(at + datagramLength, datagrams.Length)], out TubusPacket packet)
                || packet.Pin == pin) continue;
            TubusSections sections = packet.Sections;
            while (sections.MoveNext())
            {
                if (sections.Type == TubusSectionType.Link) return true;
            }
        }

        return false;
    }

    /// <summary>Whether a datagram is the peer's. The first one must speak of the link, and its pin counts from then on.</summary>
    private bool Admits(in TubusPacket packet)
    {
        if (_remotePin != 0) return packet.Pin == _remotePin;
        TubusSections sections = packet.Sections;
        while (sections.MoveNext())
        {
            if (sections.Type != TubusSectionType.Link
                && !(sections.Type == TubusSectionType.LinkEcho && State == TubusState.Connecting)) continue;
            _remotePin = packet.Pin;
            return true;
        }

        return false;
    }
}
