using System.Buffers;

namespace Plexus.Tunnels;

/// <summary>Bytes that wait for a slow receiver, in rented pieces: empty it costs nothing.</summary>
internal sealed class ByteQueue
{
    private const int PieceLength = 16 << 10; // Large enough for one send, small enough for a thousand slow receivers.

    private readonly Queue<byte[]> _pieces = new();
    private byte[]? _last;
    private int _first; // where the first piece begins
    private int _end; // where the last piece ends

    public int Length { get; private set; }

    /// <summary>What comes next; empty when there is nothing. It stays where it is until it is advanced over.</summary>
    public ReadOnlyMemory<byte> Next
    {
        get
        {
            if (!_pieces.TryPeek(out byte[]? piece)) return default;
            return piece.AsMemory(_first, (piece == _last ? _end : piece.Length) - _first);
        }
    }

    public void Append(ReadOnlySpan<byte> data)
    {
        Length += data.Length;
        while (!data.IsEmpty)
        {
            if (_last is null || _end == _last.Length)
            {
                _pieces.Enqueue(_last = ArrayPool<byte>.Shared.Rent(PieceLength));
                _end = 0;
            }

            int count = Math.Min(data.Length, _last.Length - _end);
            data[..count].CopyTo(_last.AsSpan(_end));
            data = data[count..];
            _end += count;
        }
    }

    /// <summary>Drops bytes of <see cref="Next"/>.</summary>
    public void Advance(int count)
    {
        Length -= count;
        _first += count;
        byte[] piece = _pieces.Peek();
        if (_first < (piece == _last ? _end : piece.Length)) return;
        _pieces.Dequeue();
        ArrayPool<byte>.Shared.Return(piece);
        _first = 0;
        if (piece == _last) (_last, _end) = (null, 0);
    }

    /// <summary>Drops everything.</summary>
    /// <returns>How much that was.</returns>
    public int Clear()
    {
        int length = Length;
        while (_pieces.TryDequeue(out byte[]? piece)) ArrayPool<byte>.Shared.Return(piece);
        (_last, _first, _end, Length) = (null, 0, 0, 0);
        return length;
    }
}
