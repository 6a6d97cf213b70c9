namespace Plexus.Protocols.Wormhole;

/// <content>Cuts the carrier's bytes into frames: data are passed on as they come, what is short is collected first.</content>
internal abstract partial class Multiplexer
{
    private readonly byte[] _header = new byte[HeaderLength];
    private int _headerLength;
    private bool _isInPayload;
    private Intake _intake;
    private long _left; // of the payload
    private byte[]? _collected;
    private int _collectedLength;

    /// <summary>What is done with the payload of a frame.</summary>
    protected enum Intake
    {
        /// <summary>Nothing: it is counted and dropped.</summary>
        Skip,

        /// <summary>Passed on in pieces, as they come.</summary>
        Stream,

        /// <summary>Passed on as a whole.</summary>
        Whole,
    }

    /// <summary>Takes bytes of the carrier, until they have brought something.</summary>
    /// <param name="input">What was read; what has been taken is cut off.</param>
    /// <param name="now">The time.</param>
    /// <param name="received">What they have brought.</param>
    /// <returns>False when all was taken, or the tunnel has failed.</returns>
    public bool TryReceive(scoped ref ReadOnlySpan<byte> input, Instant now, out TunnelEvent received)
    {
        received = default;
        while (Failure is null)
        {
            if (!_isInPayload)
            {
                if (!TryTakeHeader(ref input)) return false;
                (_intake, _left) = OnHeader(_header, now);
                _isInPayload = true;
            }
            else if (_intake == Intake.Whole)
            {
                if (!TryCollect(ref input, out ReadOnlySpan<byte> payload)) return false;
                _isInPayload = false;
                if (OnPayload(payload, now, out received)) return true;
            }
            else
            {
                ReadOnlySpan<byte> piece = input[..(int)Math.Min(_left, input.Length)];
                input = input[piece.Length..];
                _left -= piece.Length;
                _isInPayload = _left > 0;
                if (_intake == Intake.Stream && !piece.IsEmpty && OnData(piece, now, out received)) return true;
                if (_isInPayload && input.IsEmpty) return false;
            }
        }

        return false;
    }

    /// <summary>Decides what a frame is.</summary>
    /// <returns>What to do with its payload, and how long that is.</returns>
    protected abstract (Intake Intake, long Length) OnHeader(ReadOnlySpan<byte> header, Instant now);

    /// <summary>Takes a piece of the data that the last header announced.</summary>
    protected abstract bool OnData(ReadOnlySpan<byte> piece, Instant now, out TunnelEvent received);

    /// <summary>Takes the whole payload of the last header.</summary>
    protected abstract bool OnPayload(ReadOnlySpan<byte> payload, Instant now, out TunnelEvent received);

    private bool TryTakeHeader(scoped ref ReadOnlySpan<byte> input)
    {
        int count = Math.Min(HeaderLength - _headerLength, input.Length);
        input[..count].CopyTo(_header.AsSpan(_headerLength));
        input = input[count..];
        _headerLength += count;
        if (_headerLength < HeaderLength) return false;
        _headerLength = 0;
        return true;
    }

    private bool TryCollect(scoped ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> payload)
    {
        if (_collected is null && input.Length >= _left)
        {
            payload = input[..(int)_left];
            input = input[(int)_left..];
            return true;
        }

        payload = default;
        _collected ??= new byte[_left]; // OnHeader has bounded it.
        int count = Math.Min(_collected.Length - _collectedLength, input.Length);
        input[..count].CopyTo(_collected.AsSpan(_collectedLength));
        input = input[count..];
        _collectedLength += count;
        if (_collectedLength < _collected.Length) return false;
        payload = _collected;
        (_collected, _collectedLength) = (null, 0);
        return true;
    }
}
