using System.Net;
using Plexus.Sockets;

namespace Plexus.Exploration;

/// <summary>A server's name and what it stands for.</summary>
/// <param name="Name">As the user wrote it.</param>
/// <param name="EndPoint">Its endpoint in the wanted address family; null when there is none.</param>
/// <param name="Failure">Why there is none.</param>
internal readonly record struct StunServerAddress(EndpointName Name, IPEndPoint? EndPoint, string? Failure);
