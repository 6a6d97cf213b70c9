namespace Plexus.Tunnels;

/// <summary>How fast two counters rise, between the calls of who looks at them.</summary>
internal sealed class RateMeter(TimeProvider clock)
{
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(250); // Over less time a single batch looks like a flood.

    private readonly Lock _lock = new();
    private long _at = clock.GetTimestamp();
    private (long First, long Second) _last;
    private (double First, double Second) _rates;

    public (double First, double Second) Take(long first, long second)
    {
        lock (_lock)
        {
            TimeSpan passed = clock.GetElapsedTime(_at);
            if (passed < LeastInterval) return _rates;
            _rates = ((first - _last.First) / passed.TotalSeconds, (second - _last.Second) / passed.TotalSeconds);
            (_at, _last) = (clock.GetTimestamp(), (first, second));
            return _rates;
        }
    }
}
