using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Plexus.Lab.Namespaces;

namespace Plexus.EndToEnd.Fixtures;

/// <summary>A program that runs on a host of the laboratory, and everything it has printed.</summary>
internal class ProgramRun : IDisposable
{
    private const int Terminate = 15;

    private readonly StringBuilder _output = new();
    private readonly Process _process;
    private bool _disposed;

    public ProgramRun(NamespaceHost host, string program, params IEnumerable<string> arguments)
        : this(host, SystemTool.Prepare(program, arguments)) { }

    public ProgramRun(NamespaceHost host, ProcessStartInfo start)
    {
        Host = host;
        start.RedirectStandardInput = true; // Kept open: some servers end when their input does.
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        StartedAt = Stopwatch.GetTimestamp();
        _process = host.Start(start);
        _process.StandardInput.AutoFlush = true;
        Output = "";
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it runs.</summary>
    public NamespaceHost Host { get; }

    /// <summary>When it was started, by <see cref="Stopwatch"/>.</summary>
    public long StartedAt { get; }

    /// <summary>What it printed on both streams.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
        private init => _output.Append(value);
    }

    /// <summary>The process.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it still runs.</summary>
    public bool IsRunning => !_process.HasExited;

    /// <summary>What it has used of the processors.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>What it holds of the memory, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="TimeoutException">It did not end in time; the message has its output.</exception>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(limit);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{this} did not end within {limit.TotalSeconds} s.\n{Output}");
        }
    }

    /// <summary>Waits until it has printed what the pattern wants.</summary>
    public Task SaysAsync(string pattern, TimeSpan limit) =>
        Eventually.Async(() => Regex.IsMatch(Output, pattern), limit, () => $"{this} has not said '{pattern}'.\n{Output}");

    /// <summary>Writes a line to its standard input.</summary>
    public void Say(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>Asks it to end (SIGTERM).</summary>
    public void AskToEnd() => _ = Libc.Kill(_process.Id, Terminate);

    /// <summary>Ends it at once (SIGKILL).</summary>
    public void Kill()
    {
        if (IsRunning) _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Kill();
        _process.Dispose();
    }

    public override string ToString() =>
        $"{Path.GetFileName(_process.StartInfo.FileName)} {string.Join(' ', _process.StartInfo.ArgumentList)}";

    private void Take(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
    }
}
