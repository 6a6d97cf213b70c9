using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Plexus.Protocols.Wormhole;

namespace Plexus.Tunnels;

/// <summary>One TCP connection of this machine, client's or service's.</summary>
/// <remarks>
/// It waits for something to read with an empty buffer and reads when its turn to send has come, so idle it costs little and busy
/// it queues nothing. What its receiver does not take at once waits in rented memory, as much as the multiplexer lets the peer send.
/// </remarks>
internal sealed class TcpSide : LocalSide
{
    // Nobody needs what is still sent to a closed connection; and after the tunnel's end its last bytes wait no longer for a receiver that takes none.
    private static readonly TimeSpan LingerLimit = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly ByteQueue _waiting = new();
    private Socket? _socket; // null until connected
    private SocketAsyncEventArgs? _readable; // Where there is no thread for it.
    private long _number; // for that thread; 0 until it knows this socket
    private SocketAsyncEventArgs? _writable;
    private bool _isWaitingToRead;
    private bool _isSending;
    private bool _isEnding; // The peer sends no more.
    private bool _isShut; // The receiver has its end.
    private bool _isRead; // Nothing more will be read, or everything that is read is dropped.
    private bool _isDiscarding;
    private bool _isClosed;
    private TimeSpan? _lingersUntil;

    /// <param name="carrier">The tunnel.</param>
    /// <param name="connection">The connection in it.</param>
    /// <param name="name">How the log calls it.</param>
    /// <param name="logger">The log.</param>
    public TcpSide(Carrier carrier, MultiplexedConnection connection, string name, ILogger logger)
        : base(carrier, connection)
    {
        (Name, _logger) = (name, logger);
        carrier.Attach(this);
    }

    public string Name { get; }

    public override bool IsDelivering
    {
        get
        {
            lock (_lock) return _waiting.Length > 0;
        }
    }

    /// <summary>Takes the socket, which is connected: data flow from here on.</summary>
    public void Connected(Socket socket)
    {
        SocketError error;
        lock (_lock)
        {
            if (_isClosed)
            {
                socket.Close(timeout: 0); // Refused or reset before: not an end.
                return;
            }

            try
            {
                socket.Blocking = false;
                socket.NoDelay = true; // Who sends little at a time waits for an answer.
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true); // A client whose machine is gone would stay for ever.
            }
            catch (SocketException)
            {
                // It is reset already, as the first use will tell.
            }

            _socket = socket;
            error = SendWaiting();
        }

        if (error == SocketError.Success) WaitToRead();
        else Fail(error);
        Carrier.Send(); // Credit may be due for what came early.
    }

    public override int Read(Span<byte> buffer, out TurnResult result)
    {
        result = TurnResult.Drained;
        int count;
        SocketError error;
        try
        {
            if (_isRead || _socket is null) return 0;
            count = _socket.Receive(buffer, SocketFlags.None, out error);
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }

        if (error == SocketError.Success && count == buffer.Length)
        {
            result = TurnResult.More;
        }
        else if (error == SocketError.Success && count == 0)
        {
            result = TurnResult.End;
            lock (_lock)
            {
                _isRead = true;
                CloseIfDone();
            }
        }
        else if (error is SocketError.Success or SocketError.WouldBlock)
        {
            WaitToRead();
        }
        else
        {
            Fail(error);
        }

        return count;
    }

    public override void Deliver(ReadOnlySpan<byte> data)
    {
        int delivered = 0;
        SocketError error = SocketError.Success;
        lock (_lock)
        {
            if (_isClosed)
            {
                delivered = data.Length;
            }
            else
            {
                if (_socket is not null && _waiting.Length == 0) delivered = Send(data, out error);
                _waiting.Append(data[delivered..]);
                if (error == SocketError.Success) error = SendWaiting();
            }
        }

        Carrier.Delivered(Connection, delivered);
        if (error != SocketError.Success) Fail(error);
    }

    public override void End()
    {
        lock (_lock)
        {
            _isEnding = true;
            ShutIfDelivered();
        }
    }

    public override void Abort(TunnelReason reason, string text)
    {
        if (!Close(reset: true)) return;
        // What failed on the other side is told there; what a client of ours cannot see is told here.
        LogLevel level = Connection.IsOurs && reason != TunnelReason.Reset ? LogLevel.Warning : LogLevel.Debug;
        if (!_logger.IsEnabled(level)) return;
        string sentence = TunnelSentence.For(reason, text);
        if (Connection.Received == 0) TunnelLog.NotConnected(_logger, level, Name, sentence);
        else TunnelLog.CutOff(_logger, level, Name, sentence);
    }

    /// <summary>Gives up a side that was never connected.</summary>
    public void GiveUp() => Close(reset: true);

    public override void CarrierEnded()
    {
        bool isWhole;
        lock (_lock)
        {
            isWhole = _isEnding;
            if (isWhole)
            {
                Linger();
                Discard();
            }
        }

        if (!isWhole) Close(reset: true);
    }

    public override void Tick(TimeSpan now)
    {
        if (now >= _lingersUntil) Close(reset: true);
    }

    /// <summary>Closes the socket.</summary>
    /// <param name="reset">Whether its receiver sees a failure instead of an end.</param>
    /// <returns>False if it was closed already.</returns>
    private bool Close(bool reset)
    {
        int dropped = 0;
        lock (_lock)
        {
            if (_isClosed) return false;
            _isClosed = _isRead = true;
            if (_number != 0) Carrier.Readable!.Forget(_number);
            if (reset) _socket?.Close(timeout: 0); // The only way that sends no end before the reset.
            else _socket?.Dispose();
            if (!_isSending) dropped = Release();
        }

        Carrier.Delivered(Connection, dropped);
        Carrier.Detach(this);
        return true;
    }

    /// <summary>Gives memory back. Called inside the lock, when no send has a hand on it.</summary>
    private int Release()
    {
        _readable?.Dispose();
        _writable?.Dispose();
        return _waiting.Clear();
    }

    private void Fail(SocketError error)
    {
        if (!Close(reset: true)) return;
        TunnelLog.Failed(_logger, Name, error);
        Carrier.Reset(Connection, TunnelReason.Reset, "");
    }

    // Inside the lock.
    private int Send(ReadOnlySpan<byte> data, out SocketError error)
    {
        int sent = _socket!.Send(data, SocketFlags.None, out error);
        if (error != SocketError.WouldBlock) return Math.Max(sent, 0);
        error = SocketError.Success;
        return 0;
    }

    /// <summary>Sends what waits, until the socket takes no more. Called inside the lock.</summary>
    private SocketError SendWaiting()
    {
        while (_socket is not null && !_isClosed && !_isSending && !_waiting.Next.IsEmpty)
        {
            _writable ??= Arguments(static side => side.OnSent());
            _writable.SetBuffer(MemoryMarshal.AsMemory(_waiting.Next));
            _isSending = _socket.SendAsync(_writable);
            if (!_isSending && TakeSent() is not SocketError.Success and var error) return error;
        }

        ShutIfDelivered();
        return SocketError.Success;
    }

    // Inside the lock.
    private SocketError TakeSent()
    {
        if (_writable!.SocketError != SocketError.Success) return _writable.SocketError;
        int sent = _writable.BytesTransferred;
        _waiting.Advance(sent);
        Carrier.Delivered(Connection, sent);
        if (_lingersUntil is not null) _lingersUntil = Carrier.Housekeeping.Now + LingerLimit;
        return SocketError.Success;
    }

    private void OnSent()
    {
        int dropped = 0;
        SocketError error = SocketError.Success;
        lock (_lock)
        {
            _isSending = false;
            if (_isClosed) dropped = Release();
            else if ((error = TakeSent()) == SocketError.Success) error = SendWaiting();
        }

        Carrier.Delivered(Connection, dropped);
        if (error != SocketError.Success) Fail(error);
        Carrier.Send(); // Credit may be due.
    }

    /// <summary>Gives the receiver its end, after everything. Called inside the lock.</summary>
    private void ShutIfDelivered()
    {
        if (!_isEnding || _isShut || _isClosed || _socket is null || _waiting.Length > 0) return;
        _isShut = true;
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side has reset it.
        }

        if (!Connection.CanSend) Discard();
        CloseIfDone();
    }

    /// <summary>
    /// Drops what is still sent here, until its sender ends. Closed with unread bytes, the system would reset the connection, and the
    /// receiver could lose what it has not read yet. Called inside the lock.
    /// </summary>
    private void Discard()
    {
        if (_isRead || _isClosed) return;
        _isDiscarding = _isRead = true;
        Linger();
        if (!_isWaitingToRead) WaitToRead();
    }

    // Inside the lock.
    private void Linger()
    {
        _lingersUntil ??= Carrier.Housekeeping.Now + LingerLimit;
        Carrier.Housekeeping.Add(this);
    }

    private void CloseIfDone()
    {
        if (_isShut && _isRead && !_isDiscarding) Close(reset: false);
    }

    private void WaitToRead()
    {
        lock (_lock)
        {
            if (_isClosed || _isWaitingToRead || _socket is null) return;
            _isWaitingToRead = TryWaitOnThread(_socket);
            if (_isWaitingToRead) return;
            _readable ??= Arguments(static side => side.OnReadable());
            _isWaitingToRead = _socket.ReceiveAsync(_readable);
            if (_isWaitingToRead) return;
        }

        OnReadable();
    }

    // Inside the lock, so that it is not called before it waits.
    private bool TryWaitOnThread(Socket socket)
    {
        if (Carrier.Readable is not { } thread) return false;
        bool isFirst = _number == 0;
        if (isFirst) _number = thread.Add(OnReadable);
        return thread.TryWait(_number, socket.SafeHandle, isFirst);
    }

    private void OnReadable()
    {
        lock (_lock) _isWaitingToRead = false;
        if (_isDiscarding) ReadAndDrop();
        else if (!_isRead) Carrier.Ready(Connection);
    }

    private void ReadAndDrop()
    {
        Span<byte> scrap = stackalloc byte[4096];
        try
        {
            int count;
            SocketError error;
            while ((count = _socket!.Receive(scrap, SocketFlags.None, out error)) > 0) { }
            if (error == SocketError.WouldBlock)
            {
                WaitToRead();
                return;
            }
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        lock (_lock)
        {
            _isDiscarding = false;
            CloseIfDone();
        }
    }

    private SocketAsyncEventArgs Arguments(Action<TcpSide> completed)
    {
        SocketAsyncEventArgs arguments = new(true); // Callbacks need no execution context.
        arguments.Completed += (_, _) => completed(this);
        return arguments;
    }
}
