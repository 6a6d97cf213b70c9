using MimeKit;
using Plexus.Rendezvous.Email;

namespace Plexus.Tests.Rendezvous.Email;

/// <summary>A mail provider in memory, on the laboratory's clock, with every trouble that real ones make.</summary>
internal sealed class LabMail(TimeProvider clock)
{
    private readonly Dictionary<string, LabInbox> _inboxes = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<LabMailbox> _open = [];

    public bool IsDown { get; set; }

    public bool RefusesLogins { get; set; }

    public bool CanIdle { get; set; } = true;

    /// <summary>What a connection, and then each command costs.</summary>
    public TimeSpan RoundTrip { get; set; } = TimeSpan.FromMilliseconds(20);

    public TimeSpan Delivery { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether idling tells of new letters.</summary>
    public bool TellsWhileIdling { get; set; } = true;

    public int Connections { get; private set; }

    public int RefusedLogins { get; private set; }

    public int Looks { get; private set; }

    public int Fetches { get; private set; }

    public int Sent { get; private set; }

    /// <summary>How many connections are open now.</summary>
    public int Open => _open.Count + OpenOutboxes;

    public int OpenOutboxes { get; private set; }

    public IMailAccount Account(string address) => new LabAccount(this, address);

    public LabInbox Inbox(string address)
    {
        if (!_inboxes.TryGetValue(address, out LabInbox? inbox)) _inboxes.Add(address, inbox = new LabInbox());
        return inbox;
    }

    /// <summary>Puts a letter into an inbox now.</summary>
    public void Deliver(string address, byte[] letter)
    {
        Inbox(address).Add(letter, clock.GetUtcNow());
        if (!TellsWhileIdling) return;
        foreach (LabMailbox mailbox in _open.Where(mailbox => mailbox.Inbox == Inbox(address)).ToArray()) mailbox.Wake();
    }

    /// <summary>Breaks every connection.</summary>
    public void Drop()
    {
        foreach (LabMailbox mailbox in _open.ToArray()) mailbox.Break();
    }

    private static MailException Unreachable() => new(MailFailure.Unreachable, "The mail server cannot be reached: the laboratory says so.");

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(RoundTrip * 4, clock, cancellationToken);
        Connections++;
        if (IsDown) throw Unreachable();
        if (!RefusesLogins) return;
        RefusedLogins++;
        throw new MailException(MailFailure.LoginRefused, "The mail server refuses the login: the laboratory says so.");
    }

    private sealed class LabAccount(LabMail mail, string address) : IMailAccount
    {
        public async Task<IMailbox> OpenMailboxAsync(CancellationToken cancellationToken)
        {
            await mail.ConnectAsync(cancellationToken);
            LabMailbox mailbox = new(mail, mail.Inbox(address));
            mail._open.Add(mailbox);
            return mailbox;
        }

        public async Task<IOutbox> OpenOutboxAsync(CancellationToken cancellationToken)
        {
            await mail.ConnectAsync(cancellationToken);
            return new LabOutbox(mail);
        }
    }

    private sealed class LabOutbox : IOutbox
    {
        private readonly LabMail _mail;

        public LabOutbox(LabMail mail)
        {
            _mail = mail;
            _mail.OpenOutboxes++;
        }

        public async Task SendAsync(OutgoingLetter letter, CancellationToken cancellationToken)
        {
            await Task.Delay(_mail.RoundTrip * 3, _mail.Clock, cancellationToken);
            if (_mail.IsDown) throw Unreachable();
            _mail.Sent++;
            _ = DeliverLaterAsync(letter);
        }

        public ValueTask DisposeAsync()
        {
            _mail.OpenOutboxes--;
            return ValueTask.CompletedTask;
        }

        private async Task DeliverLaterAsync(OutgoingLetter letter)
        {
            await Task.Delay(_mail.Delivery, _mail.Clock);
            _mail.Deliver(letter.To, letter.Bytes);
        }
    }

    private TimeProvider Clock => clock;

    private sealed class LabMailbox(LabMail mail, LabInbox inbox) : IMailbox
    {
        private CancellationTokenSource? _idle;
        private bool _isBroken;
        private bool _isChanged;

        public LabInbox Inbox => inbox;

        public uint Validity { get; } = inbox.Validity;

        public uint NextUid { get; } = inbox.NextUid;

        public bool CanIdle => mail.CanIdle;

        public void Wake()
        {
            _isChanged = true;
            _idle?.Cancel();
        }

        public void Break()
        {
            _isBroken = true;
            _idle?.Cancel();
        }

        public async Task<IReadOnlyList<LetterHead>> SearchAsync(string subject, DateTimeOffset since, CancellationToken cancellationToken)
        {
            await StepAsync(cancellationToken);
            return [.. inbox.Letters.Where(letter => letter.Arrived >= since.Date).Select(HeadOf).Where(head => head.Subject.Contains(subject, StringComparison.OrdinalIgnoreCase))];
        }

        public async Task<LetterPage> ReadHeadsAsync(uint from, CancellationToken cancellationToken)
        {
            await StepAsync(cancellationToken);
            mail.Looks++;
            _isChanged = false;
            LetterHead[] heads = [.. inbox.Letters.Where(letter => letter.Uid >= from).Take(200).Select(HeadOf)];
            return new LetterPage(heads, heads.Length > 0 ? heads[^1].Uid + 1 : from, heads.Length < 200);
        }

        public async Task<byte[]?> FetchAsync(uint uid, CancellationToken cancellationToken)
        {
            await StepAsync(cancellationToken);
            mail.Fetches++;
            return inbox.Letters.FirstOrDefault(letter => letter.Uid == uid)?.Bytes;
        }

        public async Task IdleAsync(TimeSpan limit, CancellationToken cancellationToken)
        {
            if (_isChanged) return;
            using CancellationTokenSource idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _idle = idle;
            try
            {
                await Task.Delay(limit, mail.Clock, idle.Token);
            }
            catch (OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
            finally
            {
                _idle = null;
            }

            await StepAsync(cancellationToken);
        }

        public async Task DeleteAsync(uint uid, bool expunge, CancellationToken cancellationToken)
        {
            await StepAsync(cancellationToken);
            if (expunge) inbox.Letters.RemoveAll(letter => letter.Uid == uid);
            else inbox.Flagged.Add(uid);
        }

        public ValueTask DisposeAsync()
        {
            mail._open.Remove(this);
            return ValueTask.CompletedTask;
        }

        private static LetterHead HeadOf(LabLetter letter)
        {
            using MemoryStream stream = new(letter.Bytes);
            return LetterHead.Of(letter.Uid, letter.Bytes.Length, MimeMessage.Load(stream).Headers);
        }

        private async Task StepAsync(CancellationToken cancellationToken)
        {
            await Task.Delay(mail.RoundTrip, mail.Clock, cancellationToken);
            if (_isBroken || mail.IsDown) throw Unreachable();
        }
    }
}
