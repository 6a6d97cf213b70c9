namespace Plexus.Protocols.MessagePack;

/// <summary>Walks the entries of one map. Entries whose key is not a text are passed over.</summary>
/// <remarks>After the last entry, <see cref="IsMalformed"/> tells whether the bytes were a map at all.</remarks>
internal ref struct MessagePackEntries
{
    private MessagePackReader _reader;
    private int _left;

    /// <param name="map">One object, of any kind; anything but a map counts as malformed.</param>
    public MessagePackEntries(ReadOnlySpan<byte> map)
    {
        _reader = new MessagePackReader(map);
        IsMalformed = !_reader.TryReadMap(out _left);
    }

    public bool IsMalformed { get; private set; }

    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>The whole object behind the key. Never empty.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    public bool MoveNext()
    {
        while (!IsMalformed && _left > 0)
        {
            _left--;
            bool isText = _reader.TryReadString(out ReadOnlySpan<byte> key);
            if ((!isText && !_reader.TrySkip()) || !_reader.TrySkip(out ReadOnlySpan<byte> value))
            {
                IsMalformed = true;
                return false;
            }

            if (!isText) continue;
            Key = key;
            Value = value;
            return true;
        }

        return false;
    }
}
