using Plexus.Passages;
using Plexus.Payloads;
using Plexus.Tunnels;

namespace Plexus.App.Settings;

/// <summary>What a tunnel of the classic command line offers. Services may have wildcards, as the options of a command.</summary>
/// <param name="Exports">The texts of --export.</param>
/// <param name="Imports">The texts of --import.</param>
/// <param name="ShowsStatus">Whether --status was given.</param>
/// <param name="RequiresEncryption">Whether --require-encryption was given.</param>
/// <param name="Tubus">What the variables of the original's tubus change.</param>
internal sealed record TunnelSettings(
    IReadOnlyList<GivenValue> Exports, IReadOnlyList<GivenValue> Imports, bool ShowsStatus, bool RequiresEncryption, TubusSettings Tubus)
{
    /// <summary>Whether the local ports are known before there is a passage.</summary>
    public bool HasFixedPorts => !Imports.Any(HasWildcard);

    /// <summary>Checks what can be known before there is a passage.</summary>
    /// <exception cref="PlexusException">A service is wrong; the message names the option.</exception>
    public void Check()
    {
        if (Exports.Concat(Imports).FirstOrDefault(value => ExecWildcards.MentionSecret(value.Text ?? "")) is { } telltale)
            throw GivenOptions.Wrong($"{telltale.Place}: %secret% has no place in a service.");
        bool isFixed = HasFixedPorts && !Exports.Any(HasWildcard);
        TunnelOptions options = new()
        {
            Exports = [.. Exports.Where(value => !HasWildcard(value)).Select(value => Read(value, value.Text))],
            Imports = [.. Imports.Where(value => !HasWildcard(value)).Select(value => Read(value, value.Text))],
        };
        if (isFixed) options.Validate();
    }

    /// <summary>The imports, of which none has a wildcard.</summary>
    public IReadOnlyList<TunnelService> FixedImports => [.. Imports.Select(value => Read(value, value.Text))];

    /// <summary>The options of one passage's tunnel.</summary>
    /// <exception cref="PlexusException">With the values of this passage a service is wrong.</exception>
    public TunnelOptions For(PassageTicket ticket)
    {
        TunnelOptions options = new()
        {
            Exports = [.. Exports.Select(value => Read(value, ExecWildcards.Expand(value.Text!, ticket)))],
            Imports = [.. Imports.Select(value => Read(value, ExecWildcards.Expand(value.Text!, ticket)))],
            AllowUnencrypted = !RequiresEncryption,
            Tune = stream => stream with { Tune = Tubus.Tune },
        };
        options.Validate();
        return options;
    }

    private static bool HasWildcard(GivenValue value) => ExecWildcards.AreIn(value.Text ?? "");

    private static TunnelService Read(GivenValue value, string? text) =>
        TunnelService.TryParse(text, out TunnelService? service)
            ? service
            : throw GivenOptions.Wrong($"{value.Place}: '{text}' is not allowed; allowed is {TunnelService.Form}.");
}
