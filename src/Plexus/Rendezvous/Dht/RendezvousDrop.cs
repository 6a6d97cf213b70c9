namespace Plexus.Rendezvous.Dht;

/// <summary>Counts what is dropped at the rendezvous, by reason.</summary>
internal static class RendezvousDrop
{
    public static void Count(string reason) =>
        PlexusTelemetry.RendezvousDrops.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
