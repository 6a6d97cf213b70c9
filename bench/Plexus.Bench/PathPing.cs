using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Plexus.Lab.Namespaces;

namespace Plexus.Bench;

/// <summary>Small datagrams to and fro beside a transfer: what waits in the queue, they wait with it.</summary>
internal sealed class PathPing : IDisposable
{
    private const int Length = 16;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private readonly Socket _near;
    private readonly Socket _far;
    private readonly Thread[] _threads;
    private readonly List<(double At, double Trip)> _trips = [];
    private volatile bool _isOver;

    public PathPing(DelayedPair pair)
    {
        _near = pair.Left.Run(() => Open(DelayedPair.LeftAddress));
        _far = pair.Right.Run(() => Open(DelayedPair.RightAddress));
        _near.Connect(_far.LocalEndPoint!);
        _far.Connect(_near.LocalEndPoint!);
        _threads = [new Thread(Ask), new Thread(Answer), new Thread(Hear)];
        foreach (Thread thread in _threads) thread.Start();
    }

    /// <summary>Round trips in milliseconds between two moments of the machine's clock.</summary>
    public Figures Trips(double from, double until)
    {
        lock (_trips) return new Figures(_trips.Where(trip => trip.At >= from && trip.At < until).Select(trip => trip.Trip));
    }

    public void Dispose()
    {
        _isOver = true;
        foreach (Thread thread in _threads) thread.Join();
        _near.Dispose();
        _far.Dispose();
    }

    private static Socket Open(IPAddress address)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 500 };
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    private void Ask()
    {
        byte[] datagram = new byte[Length];
        while (!_isOver)
        {
            BitConverter.TryWriteBytes(datagram, Stopwatch.GetTimestamp());
            _near.Send(datagram);
            Thread.Sleep(Pace);
        }
    }

    private void Answer() => Receive(_far, datagram => _far.Send(datagram));

    private void Hear() => Receive(_near, datagram =>
    {
        long sent = BitConverter.ToInt64(datagram);
        long now = Stopwatch.GetTimestamp();
        lock (_trips) _trips.Add(((double)sent / Stopwatch.Frequency, (now - sent) * 1000.0 / Stopwatch.Frequency));
    });

    private void Receive(Socket socket, Action<byte[]> take)
    {
        byte[] datagram = new byte[Length];
        while (!_isOver)
        {
            try
            {
                socket.Receive(datagram);
                take(datagram);
            }
            catch (SocketException)
            {
                // Half a second of silence, or a port that is not open yet.
            }
        }
    }
}
