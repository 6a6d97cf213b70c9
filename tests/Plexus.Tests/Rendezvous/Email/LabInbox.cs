namespace Plexus.Tests.Rendezvous.Email;

/// <summary>A letter in an inbox of the laboratory.</summary>
internal sealed record LabLetter(uint Uid, byte[] Bytes, DateTimeOffset Arrived);

/// <summary>An inbox of the laboratory.</summary>
internal sealed class LabInbox
{
    public uint Validity { get; private set; } = 17;

    public uint NextUid { get; private set; } = 1;

    public List<LabLetter> Letters { get; } = [];

    public HashSet<uint> Flagged { get; } = [];

    public void Add(byte[] letter, DateTimeOffset now) => Letters.Add(new LabLetter(NextUid++, letter, now));

    /// <summary>Numbers the letters anew, as a server does that was restored from a backup.</summary>
    public void Renumber()
    {
        Validity++;
        LabLetter[] letters = [.. Letters];
        Letters.Clear();
        NextUid = 1;
        foreach (LabLetter letter in letters) Add(letter.Bytes, letter.Arrived);
    }
}
