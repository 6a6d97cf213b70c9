using System.Net;
using Plexus.Lab;
using Plexus.Sockets;

namespace Plexus.Tests.Sockets;

public sealed class BatchPumpTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void In_virtual_time_all_arrives_and_each_run_is_the_same()
    {
        string trace = Run();
        Assert.Equal(trace, Run());

        static string Run()
        {
            using Internet internet = new(seed: 3);
            internet.Run(
                async () =>
                {
                    LabHost alice = internet.AddHost("alice", "1.0.0.1");
                    LabHost bob = internet.AddHost("bob", "2.0.0.2");
                    CountingCore sending = new(new(bob.Address, 5), 1000, window: 100);
                    CountingCore receiving = new(new(alice.Address, 5), 1000, window: 100);
                    await using BatchPump from = new(alice.Open(new(IPAddress.Any, 5)), sending, internet.Clock);
                    TaskCompletionSource done = new();
                    await using BatchPump to = new(bob.Open(new(IPAddress.Any, 5)), receiving, internet.Clock, () =>
                    {
                        if (receiving.Received == 1000) done.TrySetResult();
                    });
                    _ = from.StartAsync();
                    _ = to.StartAsync();
                    lock (from.Gate) sending.Add(1000);
                    from.Flush();
                    await done.Task;
                    Assert.Equal(0, receiving.Disordered);
                },
                Hour);
            Assert.Equal(0, internet.Loop.ForeignPosts);
            return internet.TraceText();
        }
    }

    [Fact]
    public void The_timer_calls_at_the_deadline_and_what_is_due_then_is_sent()
    {
        using Internet internet = new();
        internet.Run(
            async () =>
            {
                LabHost alice = internet.AddHost("alice", "1.0.0.1");
                CountingCore core = new(new(IPAddress.Parse("2.0.0.2"), 5), 10, window: 100);
                await using BatchPump pump = new(alice.Open(new(IPAddress.Any, 5)), core, internet.Clock);
                core.Deadline = pump.Now + TimeSpan.FromSeconds(20);
                Task loop = pump.StartAsync();
                await Task.Delay(TimeSpan.FromSeconds(1), internet.Clock);
                lock (pump.Gate) core.Deadline = pump.Now + TimeSpan.FromMilliseconds(4.5);
                pump.Flush();
                await Task.Delay(TimeSpan.FromSeconds(1), internet.Clock);
                Assert.Equal((1, 1), (core.Deadlines, core.Sent));
                await pump.DisposeAsync();
                Assert.True(loop.IsCompletedSuccessfully);
            },
            Hour);
        Assert.Equal(TimeSpan.FromMilliseconds(1005), Assert.Single(internet.Trace).SentAt);
    }

    [Fact]
    public void An_answer_of_any_length_is_sent_to_its_end()
    {
        using Internet internet = new();
        internet.Run(
            async () =>
            {
                LabHost alice = internet.AddHost("alice", "1.0.0.1");
                LabHost bob = internet.AddHost("bob", "2.0.0.2");
                CountingCore asking = new(new(bob.Address, 5), 1000, window: 1000);
                CountingCore answering = new(new(alice.Address, 5), 1000, window: 1000);
                TaskCompletionSource done = new();
                await using BatchPump from = new(alice.Open(new(IPAddress.Any, 5)), asking, internet.Clock, () =>
                {
                    if (asking.Received == 1000) done.TrySetResult();
                });
                BatchPump? to = null;
                to = new BatchPump(bob.Open(new(IPAddress.Any, 5)), answering, internet.Clock, () =>
                {
                    lock (to!.Gate)
                    {
                        if (answering.Received == 1 && answering.Sent == 0) answering.Add(1000); // More than is sent between two looks.
                    }
                });
                await using BatchPump answeringPump = to;
                _ = from.StartAsync();
                _ = to.StartAsync();
                lock (from.Gate) asking.Add(1);
                from.Flush();
                await done.Task;
            },
            Hour);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    internal async Task On_loopback_writers_of_several_threads_send_everything(bool isPlain)
    {
        const int Writers = 4;
        const int Each = 2_500;
        UdpDatagramSocket left = new(new(IPAddress.Loopback, 0), isPlain);
        UdpDatagramSocket right = new(new(IPAddress.Loopback, 0), isPlain);
        CountingCore sending = new(right.LocalEndPoint, 1200, window: 64);
        CountingCore receiving = new(left.LocalEndPoint, 1200, window: 64);
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using BatchPump from = new(left, sending, TimeProvider.System);
        await using BatchPump to = new(right, receiving, TimeProvider.System, () =>
        {
            if (receiving.Received == Writers * Each) done.TrySetResult();
        });
        _ = to.StartAsync();
        _ = from.StartAsync();
        Thread[] writers = [.. Enumerable.Range(0, Writers).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                lock (from.Gate) sending.Add(1);
                from.Flush();
            }
        }))];
        foreach (Thread writer in writers) writer.Start();
        await done.Task.WaitAsync(TestContext.Current.CancellationToken);
        foreach (Thread writer in writers) writer.Join();
        Assert.Equal(0, receiving.Disordered);
    }

    [Fact]
    public async Task Disposing_ends_it_from_anywhere()
    {
        UdpDatagramSocket socket = new(new(IPAddress.Loopback, 0));
        CountingCore core = new(socket.LocalEndPoint, 10, window: 1);
        BatchPump? pump = null;
        TaskCompletionSource<Task> disposing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pump = new BatchPump(socket, core, TimeProvider.System, () => disposing.TrySetResult(pump!.DisposeAsync().AsTask()));
        Task loop = pump.StartAsync();
        lock (pump.Gate) core.Add(1);
        pump.Flush();
        await await disposing.Task;
        await loop;
    }

    [Fact]
    public async Task A_core_that_throws_ends_the_loop()
    {
        UdpDatagramSocket socket = new(new(IPAddress.Loopback, 0));
        await using BatchPump pump = new(socket, new CountingCore(socket.LocalEndPoint, 10, 1), TimeProvider.System);
        Task loop = pump.StartAsync();
        socket.SendBatch(new byte[1], 1, socket.LocalEndPoint, mayFragment: false); // Too short for a number.
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => loop);
    }
}
