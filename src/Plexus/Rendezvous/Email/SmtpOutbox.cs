using MailKit.Net.Smtp;
using MimeKit;

namespace Plexus.Rendezvous.Email;

/// <summary>A sending server, over MailKit.</summary>
internal sealed class SmtpOutbox(SmtpClient client, MailCall call) : IOutbox
{
    public Task SendAsync(OutgoingLetter letter, CancellationToken cancellationToken) => call.RunAsync(
        async token =>
        {
            using MemoryStream bytes = new(letter.Bytes, writable: false);
            using MimeMessage message = MimeMessage.Load(bytes, token); // What is loaded is sent byte for byte.
            FormatOptions format = FormatOptions.Default.Clone();
            format.International = client.Capabilities.HasFlag(SmtpCapabilities.UTF8);
            await client.SendAsync(format, message, new MailboxAddress(null, letter.From), [new MailboxAddress(null, letter.To)], token);
        },
        cancellationToken);

    public ValueTask DisposeAsync()
    {
        client.Dispose(); // Without QUIT: the server has said that it took the letter, and the passage does not wait for a farewell.
        return ValueTask.CompletedTask;
    }
}
