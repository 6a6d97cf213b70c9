using Plexus.Identities;
using Plexus.Protocols.Kademlia;

namespace Plexus.Rendezvous.Dht;

/// <summary>Under which keys of the DHT a recipient looks: SHA-1 of its key id, the application and the subject.</summary>
/// <remarks>docs/protocols/rendezvous-dht.md; plain concatenation, the id as 40 lower-case hex digits.</remarks>
internal sealed class RendezvousKeys(DhtRendezvousOptions options)
{
    public InfoHash Invite(Identity recipient) => Of(recipient, options.InviteToken);

    public InfoHash Accept(Identity recipient) => Of(recipient, options.AcceptToken);

    public InfoHash Advent(Identity recipient) => Of(recipient, options.AdventToken);

    private InfoHash Of(Identity recipient, string subject) => InfoHash.OfText(recipient.KeyIdText + options.AppId + subject);
}
