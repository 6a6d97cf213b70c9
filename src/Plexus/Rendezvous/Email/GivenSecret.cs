namespace Plexus.Rendezvous.Email;

/// <summary>A password that was given as it is.</summary>
internal sealed class GivenSecret(string password) : EmailSecret(isToken: false)
{
    internal override Task<string> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(password);
}
