using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

public sealed class TubusChannelTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(TubusLab.Secret)]
    internal void Two_sides_link_talk_and_part(ulong secret)
    {
        using TubusLab lab = new(secret: secret);
        lab.Client.ToWrite = 17;
        lab.Server.ToWrite = 3017;
        Assert.True(lab.RunUntil(() => lab.Server.Read == 17 && lab.Client.Read == 3017, 1));
        lab.ClientChannel.Close(lab.Now);
        lab.Wake();
        lab.Pass(1);
        Assert.Equal((TubusEnd.Closed, TubusEnd.ClosedByPeer), (lab.ClientChannel.End, lab.ServerChannel.End));
        Assert.True(lab.Server.SawEnd);
        Assert.Equal((-1, -1), (lab.Client.WrongAt, lab.Server.WrongAt));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.01)]
    [InlineData(0.1)]
    [InlineData(0.3)]
    internal void Everything_arrives_before_a_close_however_much_is_lost(double loss)
    {
        using TubusLab lab = new(TubusLab.Line with { Loss = loss / 2 }, TubusLab.Secret);
        lab.Client.ToWrite = 2_000_000;
        lab.Client.ClosesWhenWritten = true;
        Assert.True(lab.RunUntil(() => lab.ClientChannel.End is not null, 600));
        Assert.Equal(TubusEnd.Closed, lab.ClientChannel.End);
        Assert.Equal(2_000_000, lab.Server.Read);
        Assert.Equal(-1, lab.Server.WrongAt);
    }
}
