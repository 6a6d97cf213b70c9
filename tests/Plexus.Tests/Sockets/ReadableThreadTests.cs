using System.Net;
using System.Net.Sockets;
using Plexus.Sockets;

namespace Plexus.Tests.Sockets;

public sealed class ReadableThreadTests
{
    [Fact]
    public async Task Each_wait_is_answered_once_when_its_socket_can_be_read_or_has_ended()
    {
        using ReadableThread? thread = ReadableThread.TryStart();
        Assert.SkipWhen(thread is null, "only on Linux with 64 bits");
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        List<Watched> all = [];
        for (int i = 0; i < 100; i++)
        {
            Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(listener.LocalEndPoint!);
            all.Add(new Watched(thread, client, await listener.AcceptAsync()));
        }

        foreach (Watched one in all) one.Wait();
        Assert.All(all, one => Assert.Equal(0, one.Calls));
        foreach (Watched one in all) one.Client.Send([1]);
        foreach (Watched one in all) await one.Called.WaitAsync();
        foreach (Watched one in all) one.Server.Receive(new byte[4]);

        foreach (Watched one in all) one.Client.Send([2]); // Nobody waits for that yet.
        foreach (Watched one in all) one.Wait();
        foreach (Watched one in all) await one.Called.WaitAsync();
        foreach (Watched one in all) one.Server.Receive(new byte[4]);

        foreach (Watched one in all) one.Wait();
        foreach (Watched one in all) one.Client.Dispose();
        foreach (Watched one in all) await one.Called.WaitAsync();
        Assert.All(all, one => Assert.Equal((3, 0), (one.Calls, one.Server.Receive(new byte[4]))));
        thread.Dispose();
        Assert.False(all[0].TryWait());
        foreach (Watched one in all) one.Server.Dispose();
    }

    private sealed class Watched(ReadableThread thread, Socket client, Socket server)
    {
        private readonly SafeSocketHandle _handle = server.SafeHandle;
        private long _number;
        private int _calls;

        public Socket Client => client;

        public Socket Server => server;

        public SemaphoreSlim Called { get; } = new(0);

        public int Calls => Volatile.Read(ref _calls);

        public void Wait() => Assert.True(TryWait());

        public bool TryWait()
        {
            bool isFirst = _number == 0;
            if (isFirst)
            {
                _number = thread.Add(() =>
                {
                    Interlocked.Increment(ref _calls);
                    Called.Release();
                });
            }

            return thread.TryWait(_number, _handle, isFirst);
        }
    }
}
