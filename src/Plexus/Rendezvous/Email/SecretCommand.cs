using System.ComponentModel;
using System.Diagnostics;

namespace Plexus.Rendezvous.Email;

/// <summary>A secret that a command prints.</summary>
/// <remarks>The command may itself name secrets, so no message repeats it, and nothing that it prints is logged.</remarks>
internal sealed class SecretCommand(string command, bool isToken) : EmailSecret(isToken)
{
    private const int LongestOutput = 64 * 1024; // Characters; a token has some kilobytes.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60); // It may ask an identity provider over a slow line.

    private string Option => IsToken ? "The command for the mail token" : "The command for the mail password";

    internal override async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(Limit);
        try
        {
            using Process process = Process.Start(Shell(command)) ?? throw Missing($"{Option} cannot be started.");
            try
            {
                process.StandardInput.Close();
                char[] buffer = new char[LongestOutput];
                int length = await process.StandardOutput.ReadBlockAsync(buffer, stop.Token);
                if (length == LongestOutput) throw Missing($"{Option} prints too much; it must print one line.");
                await process.WaitForExitAsync(stop.Token);
                if (process.ExitCode != 0) throw Missing($"{Option} ended with status {process.ExitCode}; run it by hand to see why.");
                string secret = FirstLine(new string(buffer, 0, length), Option);
                buffer.AsSpan().Clear();
                return secret;
            }
            finally
            {
                if (!process.HasExited) process.Kill(entireProcessTree: true);
            }
        }
        catch (Win32Exception)
        {
            throw Missing($"{Option} cannot be started: there is no shell.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Missing($"{Option} did not end within {Limit.TotalSeconds:0} s.");
        }
    }

    private static ProcessStartInfo Shell(string line)
    {
        // Its complaints go to our standard error, where a person may see them.
        ProcessStartInfo start = OperatingSystem.IsWindows() ? new("cmd.exe", ["/d", "/c", line]) : new("/bin/sh", ["-c", line]);
        start.RedirectStandardOutput = start.RedirectStandardInput = true;
        start.UseShellExecute = false;
        return start;
    }
}
