using System.Runtime.InteropServices;

namespace Plexus.App;

/// <summary>Ctrl+C and SIGTERM as a token. The first asks for a clean end, the second gets an end.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _exitCode = ExitCodes.Interrupted;

    public Interrupts() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Take(context, ExitCodes.Interrupted)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Take(context, ExitCodes.Terminated)),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The exit code of work that the signal cut off: 130 or 143.</summary>
    public int ExitCode => Volatile.Read(ref _exitCode);

    /// <summary>Asks for a clean end, as the first signal does.</summary>
    public void Request() => _source.Cancel();

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _source.Dispose();
    }

    private void Take(PosixSignalContext context, int exitCode)
    {
        if (_source.IsCancellationRequested) return; // Not cancelled, so the system ends the process.
        context.Cancel = true;
        Volatile.Write(ref _exitCode, exitCode);
        Request();
    }
}
