using System.Net;
using System.Net.Sockets;
using Plexus.Sockets;

namespace Plexus.Tests.Sockets;

public sealed class ReadinessThreadTests
{
    [Fact]
    public async Task Each_wait_is_answered_once_when_its_socket_can_be_read_or_has_ended()
    {
        using ReadinessThread? thread = ReadinessThread.TryStart();
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

    [Fact]
    public async Task Each_wait_is_answered_once_whoever_stands_in_for_the_thread()
    {
        using ReadinessThread? thread = ReadinessThread.TryStart();
        Assert.SkipWhen(thread is null, "only on Linux with 64 bits");
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!);
        using Socket server = await listener.AcceptAsync();
        Watched one = new(thread, client, server);
        for (int round = 1; round <= 200; round++)
        {
            one.Wait();
            thread.BeginStandIn();
            client.Send([1]);
            while (one.Calls < round) thread.TryRun(); // In its last moments the thread may be the one.
            thread.EndStandIn();
            server.Receive(new byte[4]);
            Assert.True(await one.Called.WaitAsync(TimeSpan.FromSeconds(30)));
        }

        one.Wait();
        client.Send([2]);
        Assert.True(await one.Called.WaitAsync(TimeSpan.FromSeconds(30))); // The thread is back.
        thread.BeginStandIn();
        thread.Dispose();
        Assert.False(thread.TryRun());
        Assert.Equal(201, one.Calls);
    }

    private sealed class Watched(ReadinessThread thread, Socket client, Socket server)
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
