namespace Plexus.Protocols.Tubus;

/// <content>What a channel sends.</content>
internal sealed partial class TubusChannel
{
    /// <summary>The most datagrams of one <see cref="TryTransmit"/>.</summary>
    public const int MostTogether = 64; // The kernel cuts no more datagrams out of one call (UDP_MAX_SEGMENTS of older ones).
    private const int MostSlack = 16; // Zeros that make a nearly full datagram as long as its neighbours.

    // The extension's value: its version, and zeros. A link is as long as the acceptor's whole answer, with an edge, its echo and a ping: it
    // sends no more than it got until it knows that we hear it.
    private const byte ExtensionVersion = 1;
    private const int LinkExtension = 1 + (2 * TubusWriter.NumberedLength);

    /// <summary>Writes datagrams that are due, one after another.</summary>
    /// <param name="buffer">At least 65,507 bytes.</param>
    /// <param name="now">The time.</param>
    /// <param name="length">Their length together.</param>
    /// <param name="datagramLength">The length of each; only the last may be shorter.</param>
    /// <param name="mayFragment">Whether IP may cut them.</param>
    /// <param name="most">The most datagrams, 1 to <see cref="MostTogether"/>.</param>
    /// <returns>False when nothing is due.</returns>
    public bool TryTransmit(
        Span<byte> buffer, Instant now, out int length, out int datagramLength, out bool mayFragment, int most = MostTogether)
    {
        _now = now;
        mayFragment = false;
        if (HasData && _isValidated)
        {
            long inFlight = _sender.Window.InFlight;
            _sender.BeginTransmit(now);
            mayFragment = TryWriteOversized(buffer, now, out length);
            bool isProbe = !mayFragment && TryWriteProbe(buffer, now, out length);
            if (mayFragment || isProbe) datagramLength = length;
            else length = WriteBatch(buffer, _sender.Mtu.Size, most, now, withMoves: true, out datagramLength);
            if (length > 0) _sender.EndTransmit(length, inFlight, isProbe, now);
            else _sender.OnNothingToSend();
        }
        else
        {
            int size = _isValidated ? _sender.Mtu.Size : (int)Math.Min(_sender.Mtu.Size, _unanswered);
            length = WriteBatch(buffer, size, _isValidated ? most : 1, now, withMoves: false, out datagramLength);
            _unanswered -= length;
        }

        if (length == 0) return false;
        if (_secret != 0) TubusMask.Apply(buffer[..length], datagramLength, _secret, _random);
        _datagramsSent += (length + datagramLength - 1) / datagramLength;
        if (_sender.IsExhausted) _link.Finish(TubusEnd.TooManyAttempts, tells: true);
        EndIfClosed();
        return true;
    }

    private int WriteBatch(Span<byte> buffer, int size, int most, Instant now, bool withMoves, out int datagramLength)
    {
        int length = 0;
        most = size <= TubusPacket.HeaderLength ? 0 : Math.Min(most, Math.Min(buffer.Length, TubusPacket.LongestDatagram) / size);
        for (int i = 0; i < most; i++)
        {
            TubusWriter writer = new(buffer.Slice(length, size), _pin);
            if (_link.IsPending || _receiver.IsPending) WriteControl(ref writer, now);
            if (withMoves) _sender.WriteMoves(ref writer, now);
            if (writer.IsEmpty) break;
            if (writer.Room <= MostSlack) writer.Fill(writer.Length + writer.Room);
            length += writer.Length;
            if (writer.Room > 0) break;
        }

        datagramLength = Math.Min(length, size);
        return length;
    }

    private void WriteControl(ref TubusWriter writer, Instant now)
    {
        if (_link.OwesTear && _receiver.IsPeerOurs && writer.Room >= TubusWriter.NumberedLength + TubusWriter.BareLength)
            writer.Write(TubusSectionType.Final, _written);
        bool links = _link.Write(ref writer, now);
        if (links && Options.Extends && (_receiver.IsPeerOurs || State == TubusState.Connecting)) WriteExtension(ref writer);
        if (links && State == TubusState.Connecting) _receiver.WriteEdge(ref writer, now);
        if (_isValidated && _link.WritePing(ref writer, now)) _pingOrder = _sender.NextOrder;
        if (HasData) _receiver.Write(ref writer, _sender.Edge, now);

        if (!_isValidated) _link.WritePing(ref writer, now); // Behind the edge: the peer cannot send without that.
    }

    private void WriteExtension(ref TubusWriter writer)
    {
        Span<byte> value = stackalloc byte[LinkExtension];
        value.Clear();
        value[0] = ExtensionVersion;
        if (State != TubusState.Connecting) value = value[..1];
        if (writer.Room >= TubusWriter.BareLength + value.Length) writer.Write(TubusSectionType.Extension, value);
    }

    /// <summary>Sends a fragment again that was cut for a larger path than there is now: alone, with the same boundaries.</summary>
    private bool TryWriteOversized(Span<byte> buffer, Instant now, out int length)
    {
        length = 0;
        if (!_sender.TryNextOversized(_sender.Mtu.Size, out long number)) return false;
        TubusWriter writer = new(buffer, _pin);
        _sender.Launch(number, ref writer, now);
        length = writer.Length;
        return true;
    }

    /// <summary>
    /// Writes a datagram that asks whether its own size passes. The ping stands behind the padding, so that a reader that cut the
    /// datagram does not answer; and the padding is of many sections, so that one that cuts finds whole ones.
    /// </summary>
    private bool TryWriteProbe(Span<byte> buffer, Instant now, out int length)
    {
        length = 0;
        if (!_sender.Mtu.TryTakeProbe(_random, now, _sender.RoundTrip.Smoothed, out int size, out ulong value)) return false;
        TubusWriter writer = new(buffer[..size], _pin);
        while (writer.Room >= TubusWriter.NumberedLength + (2 * TubusWriter.BareLength)) writer.Write(TubusSectionType.Padding);
        int odd = writer.Room - TubusWriter.NumberedLength - TubusWriter.BareLength;
        if (odd >= 0) writer.Write(TubusSectionType.Padding, stackalloc byte[odd]);
        writer.Write(TubusSectionType.Ping, value);
        length = writer.Length;
        return true;
    }
}
