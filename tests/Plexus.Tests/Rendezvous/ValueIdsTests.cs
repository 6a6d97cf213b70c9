using Microsoft.Extensions.Time.Testing;
using Plexus.Rendezvous.Dht;

namespace Plexus.Tests.Rendezvous;

public class ValueIdsTests
{
    private const ulong Now = 1_800_000_000;

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds((long)Now));

    [Fact]
    public void Ids_are_seconds_and_never_the_same_twice()
    {
        ValueIds ids = new(_clock);
        Assert.Equal([Now, Now + 1, Now + 2], [ids.Next(), ids.Next(), ids.Next()]);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(Now + 10, ids.Next());
    }

    [Fact]
    public void Taken_ids_are_passed_over() => Assert.Equal(Now + 5, new ValueIds(_clock).Next(id => id < Now + 5));

    [Fact]
    public void Nobody_can_drive_an_id_far_ahead_of_the_clock() =>
        Assert.InRange(new ValueIds(_clock).Next(_ => true), Now, Now + 300);

    [Fact]
    public void Two_processes_of_one_second_get_two_ids()
    {
        using TemporaryFolder folder = new();
        LastIdFile file = new(folder["state", "last"]);
        Assert.Equal(Now, new ValueIds(_clock, file).Next());
        Assert.Equal(Now + 1, new ValueIds(_clock, new LastIdFile(folder["state", "last"])).Next());
    }

    [Theory] // What a file may hold that was cut, spoiled, or written while the clock was wrong.
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("99999999999999999999999")]
    [InlineData("1900000000")]
    public void A_file_that_makes_no_sense_is_replaced(string content)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["last"], content);
        Assert.Equal(Now, new ValueIds(_clock, new LastIdFile(folder["last"])).Next());
        Assert.Equal("1800000000", File.ReadAllText(folder["last"]));
    }

    [Fact]
    public void Without_a_usable_file_the_ids_are_those_of_the_process()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["file"], "");
        ValueIds ids = new(_clock, new LastIdFile(folder["file", "below"]));
        Assert.Equal([Now, Now + 1], [ids.Next(), ids.Next()]);
    }
}
