namespace Plexus.Protocols.Tubus;

/// <summary>Who asks for the channel. Two connectors get one as well.</summary>
internal enum TubusRole
{
    Connector,
    Acceptor,
}
