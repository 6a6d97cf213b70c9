using System.Net;
using Plexus.Identities;
using Plexus.Passages;

namespace Plexus.Tests.Payloads;

internal static class SampleTicket
{
    /// <summary>A passage whose secret is that of the handshake vector in docs/protocols.</summary>
    public static PassageTicket Make(string host = "alice@example.com/hosta", string peer = "bob@example.com/hostb") => new()
    {
        Host = IdentityName.Parse(host),
        Peer = IdentityName.Parse(peer),
        Inner = IPEndPoint.Parse("0.0.0.0:5000"),
        Outer = IPEndPoint.Parse("198.51.100.7:6000"),
        PeerEndPoint = IPEndPoint.Parse("[2001:db8::9]:7000"),
        Secret = 17687476512432925332,
    };
}
