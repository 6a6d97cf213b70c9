namespace Plexus.Rendezvous.Email;

/// <summary>A connection to the sending server.</summary>
internal interface IOutbox : IAsyncDisposable
{
    /// <summary>Sends one letter, byte for byte.</summary>
    /// <exception cref="MailException">The server did not take it.</exception>
    Task SendAsync(OutgoingLetter letter, CancellationToken cancellationToken);
}
