using System.Text;

namespace Plexus.App;

/// <summary>Standard output or standard error, whose failures are not the program's.</summary>
/// <remarks>
/// A result that does not arrive is told in one sentence, as every failure is; where the place for sentences is gone,
/// nobody is left to be told. A reader that has gone away, as <c>| head</c>, is no failure: the framework ignores it.
/// </remarks>
/// <param name="inner">The stream; null when it was closed before our start.</param>
/// <param name="isForSentences">Whether it is standard error.</param>
internal sealed class OutputStream(Stream? inner, bool isForSentences) : Stream
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
        Console.SetOut(Writer(isForSentences: false, Console.OpenStandardOutput));
        Console.SetError(Writer(isForSentences: true, Console.OpenStandardError));
    }

    /// <summary>Standard output for a log, which does without when there is none.</summary>
    public static Stream ForLog() => TryOpen(Console.OpenStandardOutput) ?? Null;

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        string? reason = inner is null ? "it is closed" : null;
        try
        {
            inner?.Write(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            reason = e is UnauthorizedAccessException ? "it is closed" : FileFailure.ReasonOf(e, ""); // No console has permissions.
        }

        if (reason is not null && !isForSentences) throw new PlexusException(PlexusStage.Settings, $"Standard output cannot be written: {reason}.");
    }

    public override void Flush() => inner?.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static Stream? TryOpen(Func<Stream> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static StreamWriter Writer(bool isForSentences, Func<Stream> open)
    {
        Encoding encoding = Console.OutputEncoding;
        if (encoding is UTF8Encoding) encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new StreamWriter(new OutputStream(TryOpen(open), isForSentences), encoding) { AutoFlush = true };
    }
}
