using System.Net;
using System.Text;
using Plexus.Protocols.Kademlia;
using Plexus.Protocols.Kademlia.Routing;

namespace Plexus.Dht;

/// <summary>What a node keeps between runs: its id, and nodes that were good.</summary>
/// <remarks>
/// A text, so that it can be read: a first line that names the form, <c>id</c> and 40 digits, then <c>node</c>, id and
/// endpoint. Lines that cannot be read are passed over.
/// </remarks>
/// <param name="Id">Null when none was kept.</param>
/// <param name="Nodes">Our neighbours first.</param>
internal sealed record DhtState(InfoHash? Id, IReadOnlyList<NodeEntry> Nodes)
{
    /// <summary>256 nodes are kept: 32 buckets full, more than the network's size makes us know.</summary>
    public const int MostNodes = 256;

    /// <summary>A file longer than this is not ours: 256 lines have at most 100 characters each.</summary>
    public const int MostBytes = 64 * 1024;

    private const string FirstLine = "plexus-dht 1";

    public static DhtState Empty { get; } = new(null, []);

    public static DhtState Parse(string text)
    {
        InfoHash? id = null;
        List<NodeEntry> nodes = [];
        ReadOnlySpan<char> rest = text;
        if (!rest.TrimStart('\ufeff').StartsWith(FirstLine)) return Empty;
        foreach (ReadOnlySpan<char> line in rest.EnumerateLines())
        {
            if (nodes.Count == MostNodes) break;
            if (line.StartsWith("id ") && InfoHash.TryParse(line[3..].Trim(), out InfoHash own) && !own.IsZero) id ??= own;
            else if (line.StartsWith("node ") && TryParseNode(line[5..], out NodeEntry node)) nodes.Add(node);
        }

        return new DhtState(id, nodes);
    }

    public string Format()
    {
        StringBuilder text = new(FirstLine);
        text.Append('\n');
        if (Id is { } id) text.Append("id ").Append(id).Append('\n');
        foreach (NodeEntry node in Nodes.Take(MostNodes)) text.Append("node ").Append(node.Id).Append(' ').Append(node.EndPoint).Append('\n');
        return text.ToString();
    }

    private static bool TryParseNode(ReadOnlySpan<char> text, out NodeEntry node)
    {
        node = default;
        int blank = text.IndexOf(' ');
        if (blank < 0
            || !InfoHash.TryParse(text[..blank], out InfoHash id)
            || !IPEndPoint.TryParse(text[(blank + 1)..].Trim(), out IPEndPoint? endPoint)
            || endPoint.Port == 0)
        {
            return false;
        }

        node = new NodeEntry(id, endPoint);
        return true;
    }
}
