using Microsoft.Extensions.Logging;
using Plexus.App.Settings;

namespace Plexus.App.Commands;

/// <summary>The acceptor of a classic run: serves each passage beside the others, until it is asked to stop.</summary>
internal sealed class Acceptance(ClassicSettings settings, IPassageSource passages, Interrupts interrupts, ILogger logger, TimeProvider clock)
{
    /// <summary>An acceptor that was asked to stop is gone after it, whatever a server or a disk does.</summary>
    public static readonly TimeSpan StopTime = TimeSpan.FromMilliseconds(700);

    /// <param name="serve">Serves one passage. Its failure ends nothing else.</param>
    /// <param name="stop">Ends, in good order, what is being served.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="PlexusException">It cannot go on.</exception>
    public async Task<int> RunAsync(Func<OpenPassage, Task> serve, Func<Task> stop)
    {
        ClassicLog.Waiting(logger, settings.Host, settings.Peer);
        Task serving = ServeAllAsync(serve);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (interrupts.Token.Register(asked.SetResult))
        {
            await Task.WhenAny(serving, asked.Task);
        }

        if (!interrupts.Token.IsCancellationRequested) // Not what was first to end: the request ends the serving, too.
        {
            await serving;
            throw new PlexusException(PlexusStage.Rendezvous, "The rendezvous gave up waiting for invitations; start again, and see the log for its reason.");
        }

        await Task.WhenAny(Task.WhenAll(serving, stop()), Task.Delay(StopTime, clock));
        return ExitCodes.Success;
    }

    private async Task ServeAllAsync(Func<OpenPassage, Task> serve)
    {
        await foreach (OpenPassage passage in passages.AcceptAsync(interrupts.Token))
        {
            _ = ServeAsync(passage, serve); // Not awaited: the next peer need not wait for this one's payload. It throws nothing.
        }
    }

    private async Task ServeAsync(OpenPassage passage, Func<OpenPassage, Task> serve)
    {
        try
        {
            await serve(passage);
        }
        catch (PlexusException e)
        {
            ClassicLog.NotServed(logger, passage.Ticket.Peer, e.Message);
        }
        catch (OperationCanceledException) when (interrupts.Token.IsCancellationRequested)
        {
            // It was being opened when the acceptor was asked to stop.
        }
        catch (Exception e)
        {
            ClassicLog.Unexpected(logger, e); // One passage's trouble is not the service's.
        }
    }
}
