using System.Net;
using System.Net.Sockets;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>A line to a server on loopback that can be cut.</summary>
internal sealed class CutLine : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _ends = [];
    private readonly int _port;
    private bool _isCut;

    public CutLine(int port)
    {
        _port = port;
        _listener.Start();
        _ = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections were made.</summary>
    public int Connections { get; private set; }

    /// <summary>Breaks every connection, and every new one until it is mended.</summary>
    public void Cut()
    {
        _isCut = true;
        lock (_ends)
        {
            foreach (TcpClient end in _ends) end.Close();
            _ends.Clear();
        }
    }

    public void Mend() => _isCut = false;

    public void Dispose()
    {
        Cut();
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                TcpClient near = await _listener.AcceptTcpClientAsync();
                Connections++;
                if (_isCut) near.Close();
                else _ = JoinAsync(near);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task JoinAsync(TcpClient near)
    {
        TcpClient far = new();
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _port);
            lock (_ends) _ends.AddRange([near, far]);
            near.NoDelay = far.NoDelay = true;
            await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream()), far.GetStream().CopyToAsync(near.GetStream()));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
        finally
        {
            near.Close();
            far.Close();
        }
    }
}
