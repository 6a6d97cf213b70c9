namespace Plexus.Protocols.Tubus.Congestion;

/// <summary>The least duration of a sliding window, by the three best candidates (Kathleen Nichols' filter, as in Linux' minmax.c).</summary>
/// <remarks>Exact at the window's edges to a quarter of its length, in constant memory.</remarks>
internal struct WindowedMinimum(TimeSpan window)
{
    // Candidates from old and small to new and large.
    private (TimeSpan Value, Instant At) _first;
    private (TimeSpan Value, Instant At) _second;
    private (TimeSpan Value, Instant At) _third;
    private bool _any;

    /// <summary>The least value in the window; zero before the first.</summary>
    public readonly TimeSpan Value => _first.Value;

    public void Add(TimeSpan value, Instant now)
    {
        (TimeSpan Value, Instant At) sample = (value, now);
        if (!_any || value <= _first.Value || now - _third.At > window)
        {
            _any = true;
            _first = _second = _third = sample;
            return;
        }

        if (value <= _second.Value) _second = _third = sample;
        else if (value <= _third.Value) _third = sample;
        Age(sample, now);
    }

    /// <summary>Drops what has left the window, and takes candidates from later quarters where all come from the first.</summary>
    private void Age((TimeSpan Value, Instant At) sample, Instant now)
    {
        TimeSpan age = now - _first.At;
        if (age > window)
        {
            (_first, _second, _third) = (_second, _third, sample);
            if (now - _first.At > window) (_first, _second) = (_second, _third);
        }
        else if (_second.At == _first.At && age > window / 4)
        {
            _second = _third = sample;
        }
        else if (_third.At == _second.At && age > window / 2)
        {
            _third = sample;
        }
    }
}
