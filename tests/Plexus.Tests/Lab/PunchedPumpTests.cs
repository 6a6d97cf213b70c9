using System.Net;
using Plexus.Lab;
using Plexus.Lab.Nats;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Punch;
using Plexus.Sockets;

namespace Plexus.Tests.Lab;

/// <summary>Two sockets behind NATs, each in its pump: ask a reflector, punch, and go on to the same socket's next core.</summary>
public sealed class PunchedPumpTests
{
    private static readonly IPEndPoint Reflector = IPEndPoint.Parse("9.0.0.9:3478");

    [Fact]
    public void In_virtual_time_it_is_the_same_at_each_run()
    {
        string trace = Run();
        Assert.Equal(trace, Run());

        static string Run()
        {
            using Internet internet = new(seed: 11);
            internet.Run(() => PunchAsync(internet, CancellationToken.None), TimeSpan.FromMinutes(2));
            Assert.Equal(0, internet.Loop.ForeignPosts);
            return internet.TraceText();
        }
    }

    [Fact]
    public async Task In_real_time_it_works_on_any_threads()
    {
        using Internet internet = Internet.InRealTime(seed: 11);
        await PunchAsync(internet, TestContext.Current.CancellationToken);
        Assert.Equal(0, internet.CountOf(DatagramFate.NoRoute));
    }

    private static async Task PunchAsync(Internet internet, CancellationToken cancellationToken)
    {
        internet.AddHost("reflector", Reflector.Address.ToString()).Attach(Reflector.Port, new EchoCore());
        LabHost alice = internet.AddNat("home", NatProfile.PortRestricted, "1.0.0.1").AddHost("alice", "192.168.1.2");
        LabHost bob = internet.AddNat("work", NatProfile.PortRestricted, "2.0.0.2").AddHost("bob", "192.168.1.2");
        await using DatagramPump inviting = new(alice.Open(new(IPAddress.Any, 0)), internet.Clock);
        await using DatagramPump accepting = new(bob.Open(new(IPAddress.Any, 0)), internet.Clock);
        IPEndPoint[] outer = await Task.WhenAll(
            LearnAsync(inviting, cancellationToken), LearnAsync(accepting, cancellationToken));
        Task<PunchHandshake> accepted = PunchAsync(accepting, PunchRole.Acceptor, outer[0], cancellationToken);
        PunchHandshake invited = await PunchAsync(inviting, PunchRole.Inviter, outer[1], cancellationToken);
        Assert.Equal((outer[1], outer[0]), (invited.Peer, (await accepted).Peer));

        // The pump's socket is the passage.
        await accepting.Socket.SendAsync("payload"u8.ToArray(), outer[0]);
        AskOnce ear = new(null);
        await inviting.RunAsync(ear, e => e.Answer == "payload", cancellationToken);
    }

    private static async Task<PunchHandshake> PunchAsync(
        DatagramPump pump, PunchRole role, IPEndPoint peer, CancellationToken cancellationToken)
    {
        ulong number = (ulong)role;
        PunchHandshake punch = new(new(role, peer, new SharedSecret(42)), () => number += 0x9E3779B97F4A7C15, pump.Now);
        await pump.RunAsync(punch, p => p.IsSettled || p.State == PunchState.Expired, cancellationToken);
        Assert.Equal(PunchState.Open, punch.State);
        return punch;
    }

    private static async Task<IPEndPoint> LearnAsync(DatagramPump pump, CancellationToken cancellationToken)
    {
        AskOnce question = new(Reflector);
        await pump.RunAsync(question, q => q.Answer is not null, cancellationToken);
        return IPEndPoint.Parse(question.Answer!);
    }
}
