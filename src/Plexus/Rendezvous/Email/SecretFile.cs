namespace Plexus.Rendezvous.Email;

/// <summary>A secret in the first line of a file.</summary>
internal sealed class SecretFile(string path, bool isToken) : EmailSecret(isToken)
{
    private const int LargestFile = 64 * 1024; // A token has some kilobytes.

    internal override Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            using StreamReader reader = new(file);
            char[] buffer = new char[LargestFile];
            int length = reader.ReadBlock(buffer);
            string secret = FirstLine(new string(buffer, 0, length), $"The file '{path}'");
            buffer.AsSpan().Clear();
            return Task.FromResult(secret);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Missing($"The file '{path}' for the mail login cannot be read: {FileFailure.ReasonOf(e, path)}.");
        }
    }
}
