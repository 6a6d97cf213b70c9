using System.Net;

namespace Plexus.Lab;

/// <summary>A node's address in a segment, and the line that leads there.</summary>
internal sealed class Attachment(LabNode node, LabSegment segment, IPAddress address, LabLink link)
{
    public LabNode Node { get; } = node;

    public LabSegment Segment { get; } = segment;

    public IPAddress Address { get; } = address;

    /// <summary>The line; a scenario may change it while it runs.</summary>
    public LabLink Link { get; set; } = link;

    /// <summary>Until when the line is busy, towards the segment and from it.</summary>
    public TimeSpan BusyUp { get; set; }

    public TimeSpan BusyDown { get; set; }
}
