using Microsoft.Extensions.Logging;
using Plexus.Sockets;

namespace Plexus.Rendezvous;

/// <summary>Several enumerations as one, in the order of arrival.</summary>
/// <typeparam name="T">What they give.</typeparam>
internal sealed class Confluence<T> : IAsyncDisposable
    where T : class
{
    private readonly Queue<Arrival> _arrived = new();
    private readonly Signal _signal = new();
    private readonly List<CancellationTokenSource> _stops = [];
    private readonly List<Task> _streams = [];
    private readonly List<PlexusException> _failures = [];
    private readonly ILogger _logger;
    private readonly CancellationToken _cancellationToken;
    private Exception? _fatal;
    private int _running;

    /// <summary>Begins all of them.</summary>
    public Confluence(IReadOnlyList<Func<CancellationToken, IAsyncEnumerable<T>>> sources, ILogger logger, CancellationToken cancellationToken)
    {
        (_logger, _cancellationToken, _running) = (logger, cancellationToken, sources.Count);
        for (int i = 0; i < sources.Count; i++) _stops.Add(CancellationTokenSource.CreateLinkedTokenSource(cancellationToken));
        for (int i = 0; i < sources.Count; i++) _streams.Add(ReadAsync(i, sources[i]));
    }

    /// <summary>The next one; null when all have ended well.</summary>
    /// <exception cref="PlexusException">All have ended, and one at least with a failure.</exception>
    public async ValueTask<Arrival?> NextAsync()
    {
        while (true)
        {
            lock (_arrived)
            {
                if (_arrived.TryDequeue(out Arrival? next)) return next;
                if (_fatal is not null) throw _fatal;
                if (_running == 0)
                {
                    _cancellationToken.ThrowIfCancellationRequested();
                    if (_failures.Count > 0) throw Failure();
                    return null;
                }
            }

            await _signal.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, _cancellationToken); // Without a limit no clock is asked.
        }
    }

    /// <summary>Ends all others.</summary>
    public void KeepOnly(int way)
    {
        for (int i = 0; i < _stops.Count; i++)
        {
            if (i != way) _stops[i].Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (CancellationTokenSource stop in _stops) stop.Cancel();
        foreach (Task stream in _streams) await stream;
        foreach (CancellationTokenSource stop in _stops) stop.Dispose();
    }

    private PlexusException Failure() => _failures.Count == 1
        ? _failures[0]
        : new(_failures[0].Stage, string.Join(" And: ", _failures.Select(static failure => failure.Message).Distinct()));

    /// <summary>Reads one of them to its end. It throws nothing.</summary>
    private async Task ReadAsync(int way, Func<CancellationToken, IAsyncEnumerable<T>> source)
    {
        PlexusException? failure = null;
        Exception? fatal = null;
        try
        {
            await foreach (T value in source(_stops[way].Token)) Add(new Arrival(way, value));
        }
        catch (OperationCanceledException)
        {
            // Withdrawn.
        }
        catch (PlexusException e)
        {
            failure = e;
        }
        catch (Exception e)
        {
            fatal = e; // Not a way's failure: the program's.
        }

        bool isLast;
        lock (_arrived)
        {
            isLast = --_running == 0;
            if (failure is not null) _failures.Add(failure);
            _fatal ??= fatal;
        }

        if (failure is not null && !isLast) CombinedLog.WayFailed(_logger, failure.Message);
        _signal.Set();
    }

    private void Add(Arrival arrival)
    {
        lock (_arrived) _arrived.Enqueue(arrival);
        _signal.Set();
    }

    /// <summary>What one of them gave.</summary>
    internal sealed record Arrival(int Way, T Value);
}
