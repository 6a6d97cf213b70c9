using Microsoft.Extensions.Logging;
using Plexus.App.Settings;
using Plexus.Identities;
using Plexus.Passages;
using Plexus.Payloads;

namespace Plexus.App.Commands;

/// <summary>The classic run: for each passage it starts the command; docs/exec.md says who waits for whom.</summary>
internal sealed class ClassicRun(ClassicSettings settings, IPassageSource passages, Interrupts interrupts, ILogger logger, TimeProvider clock)
{
    // An acceptor that was asked to stop is gone after it, whatever a server or a disk does.
    private static readonly TimeSpan StopTime = TimeSpan.FromMilliseconds(700);

    /// <summary>Runs the role of the settings.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="PlexusException">The run failed.</exception>
    /// <exception cref="OperationCanceledException">A signal cut the inviter off.</exception>
    public Task<int> RunAsync()
    {
        CommandOptions command = settings.Command;
        string[] templates = [command.Arguments, command.WorkingDirectory ?? "", command.LogFile ?? ""];
        if (templates.Any(ExecWildcards.MentionSecret)) ClassicLog.SecretOnShow(logger);
        return settings.Accept ? AcceptAsync() : InviteAsync();
    }

    private async Task<int> InviteAsync()
    {
        OpenPassage passage = await passages.InviteAsync(interrupts.Token);
        LaunchedCommand command = await StartAsync(passage);
        if (!settings.WaitForCommand) return ExitCodes.Success; // As the original: the command goes on without us.
        try
        {
            int status = await command.Exited.WaitAsync(interrupts.Token);
            if (status != 0) throw new PlexusException(PlexusStage.Payload, $"The command '{settings.Command.Command}' ended with status {status}; its output tells why.");
            ClassicLog.Ended(logger, command.ProcessId, passage.Ticket.Peer, status);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException)
        {
            command.Terminate();
            await Task.WhenAny(command.Exited, Task.Delay(StopTime, clock));
            throw;
        }
    }

    private async Task<int> AcceptAsync()
    {
        ClassicLog.Waiting(logger, settings.Host, settings.Peer);
        Task serving = ServeAllAsync();
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (interrupts.Token.Register(asked.SetResult))
        {
            await Task.WhenAny(serving, asked.Task);
        }

        if (!asked.Task.IsCompleted)
        {
            await serving;
            throw new PlexusException(PlexusStage.Rendezvous, "The rendezvous gave up waiting for invitations; start again, and see the log for its reason.");
        }

        ClassicLog.Stopping(logger);
        await Task.WhenAny(serving, Task.Delay(StopTime, clock));
        return ExitCodes.Success;
    }

    private async Task ServeAllAsync()
    {
        await foreach (OpenPassage passage in passages.AcceptAsync(interrupts.Token))
        {
            _ = ServeAsync(passage); // Not awaited: the next peer need not wait for this one's command. It throws nothing.
        }
    }

    private async Task ServeAsync(OpenPassage passage)
    {
        IdentityName peer = passage.Ticket.Peer;
        try
        {
            LaunchedCommand command = await StartAsync(passage);
            int status = await command.Exited;
            if (status == 0) ClassicLog.Ended(logger, command.ProcessId, peer, status);
            else ClassicLog.Failed(logger, command.ProcessId, peer, status);
        }
        catch (PlexusException e)
        {
            ClassicLog.NotStarted(logger, peer, e.Message);
        }
        catch (Exception e)
        {
            ClassicLog.Unexpected(logger, e); // One passage's trouble is not the service's.
        }
    }

    private async Task<LaunchedCommand> StartAsync(OpenPassage passage)
    {
        long opened = clock.GetTimestamp();
        PassageTicket ticket = await passage.ReleaseAsync();
        LaunchedCommand command = LaunchedCommand.Start(settings.Command, ticket);
        ClassicLog.Started(
            logger, settings.Command.Command, command.ProcessId, ticket.Peer, clock.GetElapsedTime(opened).TotalMilliseconds);
        return command;
    }
}
