using System.Net;

namespace Plexus.Protocols.Stun;

/// <summary>Finds out who may send to a socket's mapping, RFC 5780 section 4.4. It needs a fresh socket of its own.</summary>
/// <remarks>
/// The socket sends to one endpoint of one server only, which is asked to answer from elsewhere. An answer counts if
/// it really comes from there: some servers promise it and answer from the old address, which would look like a NAT
/// that lets everybody in. Silence is no proof either, so it says only "assume the strictest".
/// </remarks>
internal sealed class FilteringDiscovery : IDatagramProtocol
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1.4); // The original's; three requests fit.

    private readonly Test _plain;
    private readonly Test _bothChanged;
    private readonly Test _portChanged;

    /// <param name="server">Whom to ask.</param>
    /// <param name="other">The other address and port that it told; both must differ.</param>
    /// <param name="random">Fills a span with unpredictable bytes.</param>
    /// <param name="now">When the questions are due: all at once.</param>
    public FilteringDiscovery(IPEndPoint server, IPEndPoint other, Action<Span<byte>> random, Instant now)
    {
        _plain = Ask(StunChange.None, server);
        _bothChanged = Ask(StunChange.Address | StunChange.Port, other);
        _portChanged = Ask(StunChange.Port, new IPEndPoint(server.Address, other.Port));
        if (other.Address.Equals(server.Address)) _bothChanged.End(TestResult.Void);
        if (other.Port == server.Port) _portChanged.End(TestResult.Void);

        Test Ask(StunChange change, IPEndPoint expected) =>
            new(new StunTransaction(server, StunTransactionId.New(random), now, Limit, change), expected);
    }

    private enum TestResult
    {
        Open,
        Answered,
        Silent,
        Void, // The server cannot do it, or only pretends to.
    }

    /// <summary>The result so far; unknown until <see cref="IsComplete"/>, and when the server was of no help.</summary>
    public NatDependency Filtering => (_plain.Result, _bothChanged.Result, _portChanged.Result) switch
    {
        (_, TestResult.Answered, _) => NatDependency.EndpointIndependent,
        (TestResult.Answered, TestResult.Silent, TestResult.Answered) => NatDependency.AddressDependent,
        (TestResult.Answered, TestResult.Silent, TestResult.Silent) => NatDependency.AddressAndPortDependent,
        _ => NatDependency.Unknown,
    };

    public bool IsComplete =>
        _bothChanged.Result == TestResult.Answered || Array.TrueForAll(Tests, t => t.Result != TestResult.Open);

    /// <summary>Answers that came from another endpoint than the one that was asked for.</summary>
    public int Misdirected { get; private set; }

    public Instant? Deadline
    {
        get
        {
            Instant? earliest = null;
            foreach (Test test in Tests) earliest = Instant.Earliest(earliest, test.Pending?.Deadline);
            return earliest;
        }
    }

    private Test[] Tests => field ??= [_plain, _bothChanged, _portChanged];

    public void OnDatagram(ReadOnlySpan<byte> datagram, IPEndPoint from, Instant now)
    {
        if (!BindingAnswer.TryRead(datagram, out BindingAnswer? answer)) return;
        Test? test = Array.Find(Tests, t => t.Pending?.Id == answer!.TransactionId);
        if (test is null) return;
        bool asked = from.Equals(test.Expected);
        if (!asked) Misdirected++;
        if (asked && answer!.ErrorCode == 0) test.End(TestResult.Answered);
        else if (from.Equals(_plain.Expected)) test.End(TestResult.Void); // It refused, or answered from the old address.
    }

    public void OnDeadline(Instant now)
    {
        foreach (Test test in Tests)
        {
            if (test.Pending?.HasExpired(now) == true) test.End(TestResult.Silent);
        }
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        foreach (Test test in Tests)
        {
            if (test.Pending?.TryTransmit(buffer, now, out transmit) == true) return true;
        }

        transmit = default;
        return false;
    }

    private sealed class Test(StunTransaction transaction, IPEndPoint expected)
    {
        private readonly StunTransaction _transaction = transaction;

        public IPEndPoint Expected { get; } = expected;

        public TestResult Result { get; private set; }

        public StunTransaction? Pending => Result == TestResult.Open ? _transaction : null;

        public void End(TestResult result) => Result = result;
    }
}
