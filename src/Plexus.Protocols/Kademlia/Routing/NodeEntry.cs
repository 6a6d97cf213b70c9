using System.Net;

namespace Plexus.Protocols.Kademlia.Routing;

/// <summary>A node as a node list names it.</summary>
/// <param name="Id">Its id; not authenticated.</param>
/// <param name="EndPoint">Its address and port; may be martian (<see cref="Martians"/>).</param>
internal readonly record struct NodeEntry(InfoHash Id, IPEndPoint EndPoint);
