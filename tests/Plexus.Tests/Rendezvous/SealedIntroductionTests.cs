using System.Net;
using Plexus.Identities;
using Plexus.Protocols.Introductions;
using Plexus.Protocols.Kademlia.Values;
using Plexus.Rendezvous;
using Plexus.Rendezvous.Dht;
using Plexus.Tests.Identities;

namespace Plexus.Tests.Rendezvous;

/// <summary>What a third party can do with a value that bob has signed for alice: nothing that alice believes.</summary>
public sealed class SealedIntroductionTests : IDisposable
{
    private const string App = "myapp";
    private const ulong Id = 1795408608;
    private const string Text = "PLEXUS 3.0 203.0.113.7 40000 1234567890123456789";
    private const PassageCapabilities Both = PassageCapabilities.SecureStreams | PassageCapabilities.Multiplexing;

    private readonly TemporaryFolder _folder = new();
    private readonly Identity _alice;
    private readonly Identity _bob;
    private readonly Identity _carol;
    private readonly DhtValue _value;

    public SealedIntroductionTests()
    {
        SampleKeys.Install(_folder["all"], ["alice", "bob", "carol"], "alice", "bob", "carol");
        IdentityRepository repository = new(_folder["all"]);
        _alice = repository.LoadHost(SampleKeys.Alice);
        _bob = repository.LoadHost(SampleKeys.Bob);
        _carol = repository.LoadHost(SampleKeys.Carol);
        Introduction ours = new(IPEndPoint.Parse("203.0.113.7:40000"), 1234567890123456789) { Capabilities = Both };
        _value = SealedIntroduction.Seal(_bob, _alice, Id, Invitation(), ours);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_sealed_is_opened_with_what_was_announced()
    {
        Assert.True(SealedIntroduction.IsSignedBy(_value, _bob));
        Assert.True(SealedIntroduction.TryOpen(_value, _alice, Invitation(), out PeerIntroduction? read, out _));
        Introduction theirs = read.ToIntroduction()!;
        Assert.Equal(Both, theirs.Capabilities);
        Assert.Equal(IPEndPoint.Parse("203.0.113.7:40000"), theirs.EndPoint);
        Assert.Equal(1234567890123456789UL, theirs.Puzzle);
    }

    [Fact]
    public void An_original_announces_nothing()
    {
        Assert.True(SealedIntroduction.TryOpen(Sign(_bob, PackedText.Pack(Text)), _alice, Invitation(), out PeerIntroduction? read, out _));
        Assert.Equal(PassageCapabilities.None, read.ToIntroduction()!.Capabilities);
        Assert.Null(read.Extension);
    }

    [Fact]
    public void No_byte_of_what_is_encrypted_can_be_changed_or_cut()
    {
        byte[] data = _value.Data.ToArray();
        for (int i = 0; i < data.Length; i++)
        {
            byte[] changed = [.. data];
            changed[i] ^= 1;
            Assert.False(SealedIntroduction.IsSignedBy(_value with { Data = changed }, _bob));
            Assert.False(SealedIntroduction.IsSignedBy(_value with { Data = data.AsMemory(0, i) }, _bob));
        }
    }

    [Fact]
    public void The_text_alone_cannot_be_signed_by_anybody_else()
    {
        // Carol knows alice's key, and may even know the text. She has no signature of bob's for it.
        DhtValue stripped = Sign(_carol, PackedText.Pack(Text));
        Assert.False(SealedIntroduction.IsSignedBy(stripped, _bob));
        Assert.False(SealedIntroduction.IsSignedBy(stripped with { Owner = _value.Owner }, _bob));
        Assert.False(SealedIntroduction.IsSignedBy(stripped with { Owner = _value.Owner, Signature = _value.Signature }, _bob));
    }

    [Fact]
    public void What_carol_signs_again_is_not_carols()
    {
        DhtValue stolen = new DhtPrivateKey(_carol.PrivateKey!).Sign(_value);
        Assert.True(SealedIntroduction.IsSignedBy(stolen, _carol));
        IntroductionOccasion occasion = Invitation() with { Sender = _carol.SubjectPublicKeyInfo };
        Assert.Equal("replay", Refused(stolen, occasion));
    }

    [Fact]
    public void A_copy_under_another_id_is_refused() => Assert.Equal("replay", Refused(_value with { Id = Id + 100 }, Invitation()));

    [Fact]
    public void An_invitation_is_not_for_another_application() =>
        Assert.Equal("replay", Refused(_value, Invitation() with { Application = "another" }));

    [Fact]
    public void An_invitation_is_no_answer() =>
        Assert.Equal("replay", Refused(_value, Invitation() with { Kind = IntroductionKind.Answer, Answered = new Puzzle(1) }));

    [Fact]
    public void An_answer_is_one_to_its_own_invitation_only()
    {
        IntroductionOccasion answer = Invitation() with { Kind = IntroductionKind.Answer, Answered = new Puzzle(1) };
        Introduction ours = new(IPEndPoint.Parse("203.0.113.7:40000"), 2);
        DhtValue value = SealedIntroduction.Seal(_bob, _alice, Id, answer, ours);
        Assert.True(SealedIntroduction.TryOpen(value, _alice, answer, out PeerIntroduction? read, out _));
        Assert.Equal(PassageCapabilities.None, read.ToIntroduction()!.Capabilities);
        Assert.Equal("replay", Refused(value, answer with { Answered = new Puzzle(3) }));
    }

    [Theory] // What bob's own key signs and no release writes.
    [InlineData("8200920200" + "01c0", "newer")]
    [InlineData("80", "extension")]
    public void An_unknown_extension_is_not_taken_for_none(string extension, string reason) =>
        Assert.Equal(reason, Refused(Sign(_bob, PackedText.Pack(Text, Convert.FromHexString(extension))), Invitation()));

    [Fact]
    public void Bits_of_later_releases_are_not_handed_on()
    {
        byte[] extension = new IntroductionExtension(ulong.MaxValue, Id, Invitation().Bind()).Write();
        DhtValue value = Sign(_bob, PackedText.Pack(Text, extension));
        Assert.True(SealedIntroduction.TryOpen(value, _alice, Invitation(), out PeerIntroduction? read, out _));
        Assert.Equal(Both, read.ToIntroduction()!.Capabilities);
    }

    private IntroductionOccasion Invitation() =>
        new(IntroductionKind.Invitation, App, _bob.SubjectPublicKeyInfo, _alice.SubjectPublicKeyInfo);

    private string Refused(DhtValue value, IntroductionOccasion occasion)
    {
        Assert.False(SealedIntroduction.TryOpen(value, _alice, occasion, out PeerIntroduction? read, out string reason));
        Assert.Null(read);
        return reason;
    }

    private DhtValue Sign(Identity signer, byte[] plain)
    {
        Assert.True(DhtPublicKey.TryImport(_alice.SubjectPublicKeyInfo.Span, out DhtPublicKey? alice));
        using (alice) return new DhtPrivateKey(signer.PrivateKey!).Sign(new DhtValue { Id = Id, Data = alice!.Encrypt(plain) });
    }
}
