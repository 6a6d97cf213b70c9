using System.Net;

namespace Plexus.Lab;

/// <summary>Something that has addresses: a host, or the outer side of a NAT.</summary>
internal abstract class LabNode(Internet internet, string name)
{
    private readonly List<Attachment> _attachments = [];

    public string Name { get; } = name;

    /// <summary>The addresses, in the order in which they were given.</summary>
    public IEnumerable<IPAddress> Addresses => _attachments.Select(a => a.Address);

    protected Internet Internet { get; } = internet;

    protected IReadOnlyList<Attachment> Attachments => _attachments;

    public override string ToString() => Name;

    /// <summary>Gives the node one more address, or its first one.</summary>
    internal Attachment Join(LabSegment segment, IPAddress address, LabLink link)
    {
        Attachment attachment = new(this, segment, address, link);
        segment.Add(attachment);
        _attachments.Add(attachment);
        return attachment;
    }

    /// <summary>Takes all addresses away.</summary>
    internal void Leave()
    {
        foreach (Attachment attachment in _attachments) attachment.Segment.Remove(attachment);
        _attachments.Clear();
    }

    /// <summary>Takes a datagram that has come to one of the addresses.</summary>
    internal abstract void Receive(LabPacket packet);
}
