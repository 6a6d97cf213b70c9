using Microsoft.Extensions.Logging;
using Plexus.App.Settings;
using Plexus.Identities;
using Plexus.Passages;
using Plexus.Payloads;

namespace Plexus.App.Commands;

/// <summary>The classic run with a command: for each passage it starts the command; docs/exec.md says who waits for whom.</summary>
internal sealed class ClassicRun(
    ClassicSettings settings, CommandOptions command, IPassageSource passages, Interrupts interrupts, ILogger logger, TimeProvider clock)
{
    /// <summary>Runs the role of the settings.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="PlexusException">The run failed.</exception>
    /// <exception cref="OperationCanceledException">A signal cut the inviter off.</exception>
    public Task<int> RunAsync()
    {
        string[] templates = [command.Arguments, command.WorkingDirectory ?? "", command.LogFile ?? ""];
        if (templates.Any(ExecWildcards.MentionSecret)) ClassicLog.SecretOnShow(logger);
        return settings.Accept
            ? new Acceptance(settings, passages, interrupts, logger, clock).RunAsync(ServeAsync, Stop)
            : InviteAsync();
    }

    private async Task<int> InviteAsync()
    {
        OpenPassage passage = await passages.InviteAsync(interrupts.Token);
        LaunchedCommand launched = await StartAsync(passage);
        if (!settings.WaitForCommand) return ExitCodes.Success; // As the original: the command goes on without us.
        try
        {
            int status = await launched.Exited.WaitAsync(interrupts.Token);
            if (status != 0) throw new PlexusException(PlexusStage.Payload, $"The command '{command.Command}' ended with status {status}; its output tells why.");
            ClassicLog.Ended(logger, launched.ProcessId, passage.Ticket.Peer, status);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException)
        {
            launched.Terminate();
            await Task.WhenAny(launched.Exited, Task.Delay(Acceptance.StopTime, clock));
            throw;
        }
    }

    private async Task ServeAsync(OpenPassage passage)
    {
        IdentityName peer = passage.Ticket.Peer;
        LaunchedCommand launched = await StartAsync(passage);
        int status = await launched.Exited;
        if (status == 0) ClassicLog.Ended(logger, launched.ProcessId, peer, status);
        else ClassicLog.Failed(logger, launched.ProcessId, peer, status);
    }

    private Task Stop()
    {
        ClassicLog.Stopping(logger);
        return Task.CompletedTask;
    }

    private async Task<LaunchedCommand> StartAsync(OpenPassage passage)
    {
        long opened = clock.GetTimestamp();
        PassageTicket ticket = await passage.ReleaseAsync();
        LaunchedCommand launched = LaunchedCommand.Start(command, ticket);
        ClassicLog.Started(
            logger, command.Command, launched.ProcessId, ticket.Peer, clock.GetElapsedTime(opened).TotalMilliseconds);
        return launched;
    }
}
