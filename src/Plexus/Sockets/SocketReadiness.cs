using System.Net.Sockets;

namespace Plexus.Sockets;

/// <summary>Lets one who waits for a socket go on, on the thread pool, when it is ready. Linux, 64 bits.</summary>
/// <remarks>For sockets that somebody else drives later: .NET's own engine, once it has waited for a socket, is woken by it for ever.</remarks>
internal sealed class SocketReadiness : IDisposable
{
    private readonly ReadinessThread _thread;
    private readonly SafeSocketHandle _socket;
    private readonly Signal _ready = new();
    private readonly long _number;
    private bool _isKnown;

    /// <exception cref="PlatformNotSupportedException">There is no <see cref="ReadinessThread.Shared"/>.</exception>
    public SocketReadiness(Socket socket)
    {
        _thread = ReadinessThread.Shared ?? throw new PlatformNotSupportedException();
        _socket = socket.SafeHandle;
        _number = _thread.Add(_ready.Set);
    }

    /// <summary>Whether this system has it.</summary>
    public static bool IsSupported => ReadinessThread.Shared is not null;

    /// <summary>Waits until the socket may be ready, has ended or has failed, or this is disposed. One wait at a time.</summary>
    /// <param name="toWrite">Whether it is to be written, instead of read.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    /// <exception cref="IOException">The system refuses: it has too many sockets.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask WaitAsync(bool toWrite, CancellationToken cancellationToken)
    {
        if (!_thread.TryWait(_number, _socket, isFirst: !_isKnown, toWrite))
        {
            ObjectDisposedException.ThrowIf(_socket.IsClosed, typeof(Socket));
            throw new IOException("The system lets no further socket be waited for.");
        }

        _isKnown = true;
        await _ready.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }

    public void Dispose()
    {
        _thread.Forget(_number);
        _ready.Set();
    }
}
