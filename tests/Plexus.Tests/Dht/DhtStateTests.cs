using System.Net;
using CsCheck;
using Microsoft.Extensions.Logging;
using Plexus.Dht;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Routing;

namespace Plexus.Tests.Dht;

public sealed class DhtStateTests : IDisposable
{
    private static readonly DhtState State = new(
        InfoHash.OfText("me"),
        [
            new NodeEntry(InfoHash.OfText("a"), IPEndPoint.Parse("1.2.3.4:4222")),
            new NodeEntry(InfoHash.OfText("b"), IPEndPoint.Parse("[2001:db8::1]:65535")),
        ]);

    private readonly TemporaryFolder _folder = new();
    private readonly Warnings _logger = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_kept_is_read_again()
    {
        using (DhtStateFile file = new(_folder["dht"], _logger))
        {
            file.Write(State with { Nodes = [] });
            file.Write(State);
        }

        using DhtStateFile again = new(_folder["dht"], _logger);
        DhtState read = again.Read();
        Assert.Equal(State.Id, read.Id);
        Assert.Equal(State.Nodes, read.Nodes);
        Assert.Empty(_logger.Texts);
        Assert.Equal(["dht", "dht.lock"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    [InlineData("plexus-dht 1")]
    [InlineData("plexus-dht 1\nid 00\nid\nnode\nnode x y\nnode 0123456789012345678901234567890123456789 1.2.3.4:0\n\r\n")]
    [InlineData("plexus-dht 1\nid 0000000000000000000000000000000000000000\n")]
    [InlineData("<html>")]
    public void Garbage_is_nothing(string text)
    {
        File.WriteAllText(_folder["dht"], text);
        using DhtStateFile file = new(_folder["dht"], _logger);
        DhtState read = file.Read();
        Assert.Null(read.Id);
        Assert.Empty(read.Nodes);
    }

    [Fact]
    public void Lines_that_cannot_be_read_take_nothing_from_the_others()
    {
        DhtState read = DhtState.Parse(State.Format().Replace("node ", "rubbish\r\nnode ", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal));
        Assert.Equal(State.Id, read.Id);
        Assert.Equal(State.Nodes, read.Nodes);
    }

    [Fact]
    public void Any_text_is_read_without_harm()
    {
        Gen.String.Sample(static text => _ = DhtState.Parse("plexus-dht 1\nnode " + text));
        string many = string.Concat(Enumerable.Repeat(State.Format().Split('\n')[2] + "\n", 5000));
        Assert.Equal(DhtState.MostNodes, DhtState.Parse("plexus-dht 1\n" + many).Nodes.Count);
        File.WriteAllBytes(_folder["dht"], new byte[10_000_000]);
        using DhtStateFile file = new(_folder["dht"], _logger);
        Assert.Empty(file.Read().Nodes);
    }

    [Fact]
    public void The_nodes_may_be_borrowed_while_another_process_has_the_id()
    {
        using DhtStateFile first = new(_folder["dht"], _logger);
        first.Write(State);
        using DhtStateFile second = new(_folder["dht"], _logger);
        DhtState borrowed = second.Read();
        Assert.True(second.IsInUse);
        Assert.Null(borrowed.Id);
        Assert.Equal(2, borrowed.Nodes.Count);
        second.Write(DhtState.Empty);
        Assert.Equal(State.Id, first.Read().Id);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_costs_one_warning()
    {
        File.WriteAllText(_folder["file"], ""); // A file where a folder should be refuses even root.
        using DhtStateFile file = new(_folder["file", "below", "dht"], _logger);
        Assert.Null(file.Read().Id);
        file.Write(State);
        file.Write(State);
        Assert.Single(_logger.Texts);
    }

    [Fact]
    public void A_write_that_fails_leaves_the_former_file_and_costs_one_warning()
    {
        using DhtStateFile file = new(_folder["dht"], _logger);
        file.Write(State);
        Directory.CreateDirectory(_folder["dht.tmp"]); // The place of the temporary file is taken.
        file.Write(State with { Nodes = [] });
        file.Write(State with { Nodes = [] });
        Assert.Equal(2, file.Read().Nodes.Count);
        Assert.Single(_logger.Texts);
    }

    private sealed class Warnings : ILogger
    {
        public List<string> Texts { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning) Texts.Add(formatter(state, exception));
        }
    }
}
