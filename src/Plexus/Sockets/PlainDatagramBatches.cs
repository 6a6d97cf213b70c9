using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Plexus.Sockets;

/// <summary>Batches datagram by datagram, by .NET's sockets, where there is nothing better.</summary>
internal sealed class PlainDatagramBatches : IDatagramBatches
{
    private const int WindowsIPv6DoNotFragment = 14; // IPV6_DONTFRAG
    private const int DarwinIPv6DoNotFragment = 62; // IPV6_DONTFRAG
    private const int IPv6Level = 41; // IPPROTO_IPV6
    private const int MostErrors = 16; // of earlier datagrams, which a system may tell at a receive, in one call

    private readonly Socket _socket;
    private readonly SocketAddress _from;
    private SocketAddress? _knownFrom;
    private IPEndPoint? _knownSource;
    private SocketAddress? _knownTo;
    private IPEndPoint? _knownDestination;
    private bool _mayFragment;

    public PlainDatagramBatches(Socket socket)
    {
        _socket = socket;
        _from = new SocketAddress(socket.AddressFamily);
        LetFragment(false);
    }

    public bool Send(ReadOnlySpan<byte> datagrams, int datagramLength, IPEndPoint to, bool mayFragment)
    {
        if (to.AddressFamily != _socket.AddressFamily) return false;
        if (mayFragment != _mayFragment) LetFragment(mayFragment);
        if (_knownTo is null || !to.Equals(_knownDestination)) (_knownTo, _knownDestination) = (to.Serialize(), to);
        bool isAllSent = true;
        while (!datagrams.IsEmpty)
        {
            int length = Math.Min(datagramLength, datagrams.Length);
            isAllSent &= TrySend(datagrams[..length]);
            datagrams = datagrams[length..];
        }

        return isAllSent;
    }

    public bool TryReceive(Span<byte> buffer, out ReceivedBatch batch)
    {
        batch = default;
        for (int errors = 0; errors < MostErrors;)
        {
            try
            {
                if (!_socket.Poll(0, SelectMode.SelectRead)) return false;
                int length = _socket.ReceiveFrom(buffer, SocketFlags.None, _from);
                if (length == 0) continue;
                batch = new ReceivedBatch(length, length, Source());
                return true;
            }
            catch (SocketException)
            {
                errors++; // An ICMP error of a datagram that was sent before.
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        }

        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))] // It waits for every datagram that comes alone.
    public async ValueTask WaitAsync()
    {
        try
        {
            await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.Peek);
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.OperationAborted)
        {
            // There is a datagram longer than nothing, or an ICMP error to be taken away: either is for the receive.
        }
        catch (SocketException)
        {
            throw new ObjectDisposedException(nameof(PlainDatagramBatches));
        }
    }

    public void Dispose()
    {
        // The socket ends its own wait.
    }

    private bool TrySend(ReadOnlySpan<byte> datagram)
    {
        try
        {
            _socket.SendTo(datagram, SocketFlags.None, _knownTo!);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false; // Too large, no route, no room: to UDP a lost datagram.
        }
    }

    private IPEndPoint Source()
    {
        // Most datagrams come from where the last one came from: one endpoint object serves them all.
        if (_knownSource is null || !_from.Equals(_knownFrom))
        {
            _knownFrom = new SocketAddress(_from.Family, _from.Size);
            _from.Buffer[.._from.Size].CopyTo(_knownFrom.Buffer);
            _knownSource = (IPEndPoint)_socket.LocalEndPoint!.Create(_from);
        }

        return _knownSource;
    }

    private void LetFragment(bool mayFragment)
    {
        _mayFragment = mayFragment;
        try
        {
            if (_socket.AddressFamily == AddressFamily.InterNetwork)
            {
                _socket.DontFragment = !mayFragment;
                return;
            }

            int name = OperatingSystem.IsWindows() ? WindowsIPv6DoNotFragment : DarwinIPv6DoNotFragment;
            int value = mayFragment ? 0 : 1;
            _socket.SetRawSocketOption(IPv6Level, name, BitConverter.GetBytes(value));
        }
        catch (Exception e) when (e is SocketException or NotSupportedException)
        {
            // Without it, datagrams that are too long arrive in pieces: slower, but they arrive.
        }
    }
}
