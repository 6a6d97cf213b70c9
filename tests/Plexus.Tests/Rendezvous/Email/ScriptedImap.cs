using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>An IMAP server that answers as the one of a recorded dialogue (TestData/smime/dialog_*.jsonl), with the quirks a test asks for.</summary>
internal sealed partial class ScriptedImap : IDisposable
{
    private readonly JsonElement[] _dialogue;
    private readonly List<string> _letters = [];
    private string _idleTag = "";

    public ScriptedImap(string version)
    {
        _dialogue = [.. SampleLetters.Dialogue(version).Where(line => line.GetProperty("proto").GetString() == "imap")];
        Capabilities = Capability().Match(Recorded("LOGIN")).Groups[1].Value;
        Server = new ScriptedServer(_dialogue[0].GetProperty("text").GetString()!, Answer);
    }

    public ScriptedServer Server { get; }

    public string Capabilities { get; set; }

    public bool TellsNextUid { get; set; } = true;

    public int Validity { get; set; } = 17;

    /// <summary>How often it says good bye in the middle of an IDLE.</summary>
    public int GoodByes { get; set; }

    public bool RefusesSearches { get; set; }

    /// <summary>Whether a client waits with IDLE.</summary>
    public bool IsIdling => _idleTag.Length > 0;

    public int Deleted { get; private set; }

    /// <summary>A letter comes.</summary>
    public void Deliver(byte[] letter, bool tells = true)
    {
        lock (_letters) _letters.Add(System.Text.Encoding.Latin1.GetString(letter));
        if (_idleTag.Length > 0 && tells) Server.Say(string.Create(CultureInfo.InvariantCulture, $"* {_letters.Count} EXISTS\r\n* 1 RECENT\r\n"));
    }

    public void Dispose() => Server.Dispose();

    /// <summary>What the recorded server answered to the first command of this name.</summary>
    private string Recorded(string verb)
    {
        int at = Array.FindIndex(_dialogue, line => line.GetProperty("dir").GetString() == "c2s" && line.GetProperty("text").GetString()!.Contains($" {verb}", StringComparison.Ordinal));
        int connection = _dialogue[at].GetProperty("conn").GetInt32();
        return _dialogue.Skip(at + 1).First(line => line.GetProperty("conn").GetInt32() == connection && line.GetProperty("dir").GetString() == "s2c").GetProperty("text").GetString()!;
    }

    private string? Answer(string line)
    {
        if (line == "DONE")
        {
            string done = $"{_idleTag} OK IDLE terminated\r\n";
            _idleTag = "";
            return done;
        }

        string tag = line.Split(' ')[0], rest = line[(tag.Length + 1)..];
        string ok = $"{tag} OK done\r\n";
        string Retagged(string verb) => Tag().Replace(Recorded(verb), tag + " ");
        return rest.Split(' ')[0] switch
        {
            "CAPABILITY" => $"* CAPABILITY {Capabilities}\r\n{ok}",
            "LOGIN" => Retagged("LOGIN").Replace("IMAP4rev1 IDLE UIDPLUS", Capabilities, StringComparison.Ordinal),
            "LIST" => $"* LIST () \"/\" INBOX\r\n{ok}",
            "SELECT" or "EXAMINE" => Select(Retagged("SELECT")),
            "NOOP" => Exists() + Retagged("NOOP"),
            "IDLE" => Idle(tag),
            "FETCH" => string.Concat(Enumerable.Range(1, _letters.Count).Select(uid => $"* {uid} FETCH (UID {uid})\r\n")) + ok,
            "UID" => Uid(tag, rest[4..]),
            _ => ok,
        };
    }

    private string Exists() => string.Create(CultureInfo.InvariantCulture, $"* {_letters.Count} EXISTS\r\n");

    private string Select(string recorded)
    {
        string answer = Existing().Replace(recorded, Exists()).Replace("[UIDVALIDITY 17]", $"[UIDVALIDITY {Validity}]", StringComparison.Ordinal);
        return Next().Replace(answer, TellsNextUid ? $"* OK [UIDNEXT {_letters.Count + 1}] next\r\n" : "");
    }

    private string? Idle(string tag)
    {
        if (GoodByes-- > 0)
        {
            Server.Say("+ idling\r\n* BYE Server is going down\r\n");
            return null;
        }

        _idleTag = tag;
        return "+ idling\r\n";
    }

    private string Uid(string tag, string command)
    {
        string ok = $"{tag} OK done\r\n";
        if (command.StartsWith("SEARCH", StringComparison.Ordinal))
        {
            return RefusesSearches ? $"{tag} NO [CANNOT] no such search\r\n" : $"* SEARCH{string.Concat(Enumerable.Range(1, _letters.Count).Select(uid => $" {uid}"))}\r\n{ok}";
        }

        if (command.StartsWith("STORE", StringComparison.Ordinal)) Deleted++;
        if (!command.StartsWith("FETCH", StringComparison.Ordinal)) return ok;
        Match range = Range().Match(command);
        int first = int.Parse(range.Groups[1].Value, CultureInfo.InvariantCulture);
        int last = range.Groups[2].Value is "*" ? _letters.Count : range.Groups[2].Length > 0 ? int.Parse(range.Groups[2].Value, CultureInfo.InvariantCulture) : first;
        first = Math.Min(first, last); // As RFC 9051: * is in every range.
        string all = "";
        for (int uid = Math.Max(1, first); uid <= Math.Min(last, _letters.Count); uid++) all += Fetch(uid, command);
        return all + ok;
    }

    private string Fetch(int uid, string command)
    {
        string letter = _letters[uid - 1];
        string head = string.Concat(letter.Split("\r\n\r\n")[0].Split("\r\n").Where(line => Wanted().IsMatch(line)).Select(line => line + "\r\n")) + "\r\n";
        string body = command.Contains("HEADER.FIELDS", StringComparison.Ordinal)
            ? $"RFC822.SIZE {letter.Length} BODY[HEADER.FIELDS (SUBJECT FROM TO)] {{{head.Length}}}\r\n{head}"
            : $"BODY[]<0> {{{letter.Length}}}\r\n{letter}";
        return string.Create(CultureInfo.InvariantCulture, $"* {uid} FETCH (UID {uid} {body})\r\n");
    }

    [GeneratedRegex(@"\* CAPABILITY (.*)\r\n")]
    private static partial Regex Capability();

    [GeneratedRegex(@"^A?\d+ (?=OK|NO|BAD)", RegexOptions.Multiline)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\* \d+ EXISTS\r\n")]
    private static partial Regex Existing();

    [GeneratedRegex(@"\* OK \[UIDNEXT \d+\] next\r\n")]
    private static partial Regex Next();

    [GeneratedRegex(@"FETCH (\d+|\*)(?::(\d+|\*))?")]
    private static partial Regex Range();

    [GeneratedRegex("^(Subject|From|To):")]
    private static partial Regex Wanted();
}
