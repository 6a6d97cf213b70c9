using Plexus.Sockets;

namespace Plexus.Tests.Sockets;

public sealed class ShortWaitTests
{
    [Fact]
    public void Nothing_is_expected_before_there_was_a_short_wait()
    {
        ShortWait wait = default;
        wait.Begin();
        Assert.False(wait.LooksAgain());
    }

    [Fact]
    public void Short_waits_for_little_keep_awake_and_bulk_does_not()
    {
        ShortWait wait = default;
        // The machine may pause in the middle of a wait, which then was none.
        Assert.Contains(Enumerable.Range(0, 1_000), _ => IsAwakeAfter(ref wait, 1_000));
        Assert.DoesNotContain(Enumerable.Range(0, 1_000), _ => IsAwakeAfter(ref wait, 1_100));
    }

    [Fact]
    public void A_long_wait_ends_it()
    {
        ShortWait wait = default;
        Assert.Contains(Enumerable.Range(0, 1_000), _ => IsAwakeAfter(ref wait, 0));
        while (wait.LooksAgain()) { }
        wait.End();
        wait.Begin();
        Assert.False(wait.LooksAgain());
    }

    private static bool IsAwakeAfter(ref ShortWait wait, int carried)
    {
        wait.Begin();
        wait.End();
        wait.NoteCarried(carried);
        wait.Begin();
        return wait.LooksAgain();
    }
}
