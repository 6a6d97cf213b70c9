using System.Text;

namespace Plexus.App;

/// <summary>Standard output or standard error, whose failures are not the program's.</summary>
/// <remarks>
/// A result that does not arrive is told in one sentence, as every failure is; where the place for sentences is gone,
/// nobody is left to be told. A reader that has gone away, as <c>| head</c>, is no failure: the framework ignores it.
/// </remarks>
internal sealed class OutputStream(Stream inner, bool isForSentences) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Lets the console write through such streams.</summary>
    public static void Install()
    {
        Console.SetOut(Writer(Console.OpenStandardOutput(), isForSentences: false));
        Console.SetError(Writer(Console.OpenStandardError(), isForSentences: true));
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) // The latter when it was closed before our start.
        {
            if (isForSentences) return;
            string reason = e is UnauthorizedAccessException ? "it is closed" : e.Message.TrimEnd('.');
            throw new PlexusException(PlexusStage.Settings, $"Standard output cannot be written: {reason}.", e);
        }
    }

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static StreamWriter Writer(Stream stream, bool isForSentences)
    {
        Encoding encoding = Console.OutputEncoding;
        if (encoding is UTF8Encoding) encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new StreamWriter(new OutputStream(stream, isForSentences), encoding) { AutoFlush = true };
    }
}
