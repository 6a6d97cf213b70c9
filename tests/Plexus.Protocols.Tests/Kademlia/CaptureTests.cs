using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Plexus.Protocols.Kademlia.Messages;
using Plexus.Protocols.Kademlia.Routing;
using Plexus.Protocols.Kademlia.Values;

namespace Plexus.Protocols.Tests.Kademlia;

/// <summary>Replays datagrams of real nodes: what we read and write again must be the same bytes.</summary>
public sealed class CaptureTests
{
    public static TheoryData<string> Captures => [.. Vectors.Captures];

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_datagram_is_read_and_its_fields_are_what_the_capture_says(string file)
    {
        int count = 0;
        foreach (JsonElement packet in Vectors.Packets(file))
        {
            string name = NameOf(packet);
            Assert.True(KademliaMessage.TryRead(packet.Hex(), out KademliaMessage? message), name);
            AssertFields(packet.GetProperty("decoded"), message!, name);
            count++;
        }

        Assert.True(count > 50, $"{count} datagrams");
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_message_is_written_again_byte_for_byte(string file)
    {
        PartReassembly reassembly = new();
        Dictionary<(string, uint), List<JsonElement>> fragmented = [];
        int compared = 0;
        foreach (JsonElement packet in Vectors.Packets(file))
        {
            Assert.True(KademliaMessage.TryRead(packet.Hex(), out KademliaMessage? message));
            IPEndPoint from = SourceOf(packet);
            (string, uint) key = (from.ToString(), message!.TransactionId);
            JsonElement first = packet;
            List<JsonElement> packets = [packet];
            if (message.Announced.Count > 0)
            {
                if (fragmented.ContainsKey(key)) continue; // Sent again.
                fragmented[key] = packets;
                Assert.Null(reassembly.OnHeader(message, from, Instant.Zero));
                continue;
            }

            if (message.Kind == KademliaMessageKind.Part)
            {
                if (!fragmented.TryGetValue(key, out List<JsonElement>? begun)) continue; // A part of one sent again.
                begun.Add(packet);
                message = reassembly.OnPart(message, from, Instant.Zero);
                if (message is null) continue;
                packets = begun;
                fragmented.Remove(key);
                first = begun[0];
            }

            if (!CanBeWritten(first)) continue;
            byte[][] written = Write(message, first.GetProperty("decoded"));
            Assert.Equal(packets.Select(static p => Convert.ToHexString(p.Hex())), written.Select(Convert.ToHexString));
            compared += written.Length;
        }

        Assert.Empty(fragmented);
        Assert.True(compared > 50, $"{compared} datagrams");
    }

    private static string NameOf(JsonElement packet) =>
        packet.TryGetProperty("name", out JsonElement name) ? name.GetString()! : packet.GetProperty("i").ToString();

    private static IPEndPoint SourceOf(JsonElement packet) => packet.TryGetProperty("src", out JsonElement source)
        ? IPEndPoint.Parse(source.GetString()!)
        : new IPEndPoint(IPAddress.Loopback, packet.GetProperty("from").GetString() == "test" ? 1 : 2);

    // We always ask as a listener of version 1, and always name a key.
    private static bool CanBeWritten(JsonElement packet) =>
        !NameOf(packet).Contains("listen-v0/request", StringComparison.Ordinal)
        && !NameOf(packet).Contains("get-no-hash/request", StringComparison.Ordinal);

    private static byte[][] Write(KademliaMessage message, JsonElement decoded)
    {
        KademliaWriter writer = new(message.Sender, message.NetworkId, message.IsClient, decoded.GetProperty("v").GetString()!);
        uint t = message.TransactionId;
        IPEndPoint to = new(message.ReportedAddress ?? IPAddress.Any, 0);
        ReadOnlySpan<byte> token = message.Token.Span;
        return message.Kind switch
        {
            KademliaMessageKind.Error => [writer.Error(t, (uint)message.ErrorCode, decoded.GetProperty("e")[1].GetString()!)],
            KademliaMessageKind.LegacyPush when message.Refreshed.Count > 0 => [writer.LegacyRefreshed(t, message.Refreshed, token)],
            KademliaMessageKind.LegacyPush => [writer.LegacyExpired(t, message.Expired, token)],
            KademliaMessageKind.Request => WriteRequest(writer, message),
            _ when message.ValueId != 0 => [writer.AcknowledgeValue(t, to, message.ValueId)],
            _ when message.Fields is { } fields => [writer.Fields(t, to, message.Nodes4, message.Nodes6, token, Selected(fields[0]), [.. fields.Select(ValueOf)])],
            _ when message.Values.Count > 0 => writer.Values(t, to, message.Nodes4, message.Nodes6, token, message.Values),
            _ when token.IsEmpty => [writer.Acknowledge(t, to)],
            _ => [writer.Nodes(t, to, message.Nodes4, message.Nodes6, token)],
        };
    }

    private static byte[][] WriteRequest(KademliaWriter writer, KademliaMessage message)
    {
        uint t = message.TransactionId;
        ReadOnlySpan<byte> token = message.Token.Span;
        return message.Request switch
        {
            KademliaRequest.Ping => [writer.Ping(t)],
            KademliaRequest.Find => [writer.Find(t, message.Target, message.Want)],
            KademliaRequest.Get => [writer.Get(t, message.Key, message.Query, message.Want)],
            KademliaRequest.Put => writer.Put(t, message.Key, message.Values, message.Created, token),
            KademliaRequest.Refresh => [writer.Refresh(t, message.Key, message.ValueId, token)],
            KademliaRequest.Listen => [writer.Listen(t, message.Key, message.SocketId, token, message.Query)],
            _ when message.Refreshed.Count > 0 => [writer.UpdateRefreshed(t, message.SocketId, message.Refreshed, token)],
            _ when message.Expired.Count > 0 => [writer.UpdateExpired(t, message.SocketId, message.Expired, token)],
            _ => writer.Update(t, message.Key, message.SocketId, message.Values, message.Created, token),
        };
    }

    private static List<ValueField> Selected(SelectedFields row)
    {
        List<ValueField> fields = [];
        if (row.Id is not null) fields.Add(ValueField.Id);
        if (row.Type is not null) fields.Add(ValueField.Type);
        if (row.OwnerId is not null) fields.Add(ValueField.Owner);
        if (row.Sequence is not null) fields.Add(ValueField.Sequence);
        if (row.UserType is not null) fields.Add(ValueField.UserType);
        return fields;
    }

    private static DhtValue ValueOf(SelectedFields row) =>
        new() { Id = row.Id ?? 0, Type = row.Type ?? 0, Sequence = row.Sequence ?? 0 };

    private static void AssertFields(JsonElement decoded, KademliaMessage message, string name)
    {
        Assert.True(decoded.GetProperty("t").GetUInt32() == message.TransactionId, name);
        if (decoded.TryGetProperty("q", out JsonElement q)) Assert.Equal(q.GetString(), message.Request.ToString().ToLowerInvariant());
        if (decoded.TryGetProperty("n", out JsonElement n)) Assert.Equal(n.GetUInt32(), message.NetworkId);
        if (decoded.TryGetProperty("e", out JsonElement e)) Assert.Equal(e[0].GetUInt64(), message.ErrorCode);
        if (decoded.TryGetProperty("p", out JsonElement p)) AssertPart(p, Assert.Single(message.Parts));
        JsonElement body = default;
        if (!decoded.TryGetProperty("a", out body) && !decoded.TryGetProperty("r", out body) && !decoded.TryGetProperty("u", out body)) return;
        foreach (JsonProperty field in body.EnumerateObject())
        {
            string text = Plain(field.Value);
            string read = field.Name switch
            {
                "id" => message.Sender.ToString(),
                "h" => message.Key.ToString(),
                "target" => message.Target.ToString(),
                "token" => Convert.ToHexStringLower(message.Token.Span),
                "sa" => Convert.ToHexStringLower(message.ReportedAddress!.GetAddressBytes()),
                "n4" => Nodes(message.Nodes4),
                "n6" => Nodes(message.Nodes6),
                "w" => message.Want == WantedFamilies.Both ? "[2,10]" : "",
                "c" => $"{message.Created}",
                "vid" => $"{message.ValueId}",
                "sid" => $"{message.SocketId}",
                "ve" => $"{message.ListenVersion}",
                "re" => $"[{string.Join(',', message.Refreshed)}]",
                "exp" => $"[{string.Join(',', message.Expired)}]",
                "q" => Query(message.Query),
                "values" when message.Announced.Count > 0 => $"[{string.Join(',', message.Announced.Select(static a => a.Size))}]",
                "values" => $"[{string.Join(',', message.Values.Select(Value))}]",
                "fileds" => Fields(message.Fields!),
                _ => throw new InvalidOperationException($"{name} has a field {field.Name}"),
            };
            Assert.True(text == read, $"{name}, {field.Name}: {text} was read as {read}");
        }
    }

    private static void AssertPart(JsonElement p, ValuePart part)
    {
        JsonProperty piece = Assert.Single(p.EnumerateObject());
        Assert.Equal(int.Parse(piece.Name, CultureInfo.InvariantCulture), part.Index);
        Assert.Equal(piece.Value.GetProperty("o").GetInt32(), part.Offset);
    }

    // "bin:00ff" and "hex:00ff" are bytes in the two sets of vectors.
    private static string Plain(JsonElement value) => value.ToString()
        .Replace("bin:", "", StringComparison.Ordinal).Replace("hex:", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);

    private static string Nodes(IEnumerable<NodeEntry> nodes) => string.Concat(nodes.Select(static n =>
        $"{n.Id}{Convert.ToHexStringLower(n.EndPoint.Address.GetAddressBytes())}{n.EndPoint.Port:x4}"));

    private static string Query(ValueQuery query) =>
        $"{{\"s\":[{string.Join(',', query.Select.Select(static f => (int)f))}],\"w\":[{string.Join(',', query.Where.Select(static c => $"{{\"f\":{(int)c.Field},\"v\":{c.Number}}}"))}]}}";

    private static string Fields(IReadOnlyList<SelectedFields> rows) =>
        $"{{\"f\":[{string.Join(',', Selected(rows[0]).Select(static f => (int)f))}],\"v\":[{string.Join(',', rows.SelectMany(Elements))}]}}";

    private static IEnumerable<string> Elements(SelectedFields row) => new[]
    {
        row.Id?.ToString(CultureInfo.InvariantCulture),
        row.Type?.ToString(CultureInfo.InvariantCulture),
        row.OwnerId is { } owner ? $"\"{owner}\"" : null,
        row.Sequence?.ToString(CultureInfo.InvariantCulture),
        row.UserType is { } userType ? $"\"{Encoding.UTF8.GetString(userType.Span)}\"" : null,
    }.OfType<string>();

    private static string Value(DhtValue value)
    {
        string userType = value.UserType.Length == 0 ? "" : $",\"utype\":\"{value.UserType}\"";
        return $"{{\"id\":{value.Id},\"dat\":{{\"body\":{{\"type\":{value.Type},\"data\":\"{Convert.ToHexStringLower(value.Data.Span)}\"{userType}}}}}}}";
    }
}
