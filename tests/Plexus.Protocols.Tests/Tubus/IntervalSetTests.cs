using CsCheck;
using Plexus.Protocols.Tubus;

namespace Plexus.Protocols.Tests.Tubus;

public sealed class IntervalSetTests
{
    [Fact]
    public void It_is_the_same_as_a_row_of_marks() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 60], Gen.Int[1, 12]).Array[0, 60].Sample(steps =>
        {
            IntervalSet set = new(limit: 1000);
            bool[] marks = new bool[100];
            foreach ((int kind, int start, int length) in steps)
            {
                if (kind < 2)
                {
                    Assert.True(set.TryAdd(start, start + length));
                    marks.AsSpan(start, length).Fill(true);
                }
                else if (kind == 2)
                {
                    Assert.Equal(marks.AsSpan(start, length).IndexOf(false) < 0, set.Covers(start, start + length));
                    if (length < 10) continue;
                    int end = start;
                    while (marks[end]) end++;
                    Assert.Equal(end, set.TakeUpTo(start));
                    marks.AsSpan(0, end).Clear();
                }
            }

            List<(long, long)> expected = [];
            for (int i = 0; i < marks.Length; i++)
            {
                if (!marks[i]) continue;
                int end = i;
                while (marks[end]) end++;
                expected.Add((i, end));
                i = end;
            }

            Assert.Equal(expected, Enumerable.Range(0, set.Count).Select(i => set[i]));
        });

    [Fact]
    public void There_are_never_more_than_the_limit()
    {
        IntervalSet set = new(limit: 3);
        Assert.True(set.TryAdd(10, 11) && set.TryAdd(20, 21) && set.TryAdd(30, 31));
        Assert.False(set.TryAdd(40, 41));
        Assert.True(set.TryAdd(11, 20)); // Joins two of them.
        Assert.Equal(2, set.Count);
        Assert.True(set.TryAdd(40, 41));
    }
}
