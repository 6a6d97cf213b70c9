using System.CommandLine;
using System.Globalization;
using Plexus.Identities;

namespace Plexus.App.Commands;

/// <summary><c>plexus identity</c>: makes, shows, hands out, takes in and checks identities.</summary>
internal static class IdentityCommand
{
    public static Command Create()
    {
        Option<string> repository = new("--app-repo")
        {
            Description = "Folder of the identities: dir/owner/pin/cert.crt, private.key.",
            HelpName = "dir",
            Required = true,
            Recursive = true,
        };
        return new("identity", "Make, list, show, export, import and verify identities.")
        {
            repository,
            Making(repository),
            Listing(repository),
            Showing(repository),
            Exporting(repository),
            Importing(repository),
            Verifying(repository),
        };
    }

    private static Command Making(Option<string> repository)
    {
        Argument<IdentityName> name = Name("Name of the new identity, owner/pin; the owner is your e-mail address if you use that rendezvous.");
        Option<int> bits = new("--key-bits")
        {
            Description = "Size of the RSA key, 2048 to 8192.",
            HelpName = "number",
            DefaultValueFactory = _ => IdentityCreation.DefaultKeyBits,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                    && value is >= IdentityCreation.SmallestKeyBits and <= IdentityCreation.LargestKeyBits && value % 8 == 0) return value;
                result.AddError($"--key-bits: '{text}' is not allowed; allowed is a number from {IdentityCreation.SmallestKeyBits} to {IdentityCreation.LargestKeyBits} in steps of 8.");
                return 0;
            },
        };
        Option<bool> force = Force("Replace an identity of this name; its key is then lost.");
        Command command = new("create", "Make an identity of your own: a private key and a certificate of ten years.") { name, bits, force };
        command.SetAction(result => IdentityWork.Create(
            Open(result, repository), result.GetRequiredValue(name), result.GetValue(bits), result.GetValue(force), IdentityOutput.Of(result)));
        return command;
    }

    private static Command Listing(Option<string> repository)
    {
        Argument<IdentityName> filter = Name("Which to list, as a filter: owner/, /pin, or / for all.");
        filter.DefaultValueFactory = _ => IdentityName.Any;
        Option<bool> json = Json();
        Command command = new("list", "List the identities, own ones and peers.") { filter, json };
        command.SetAction(result => IdentityWork.List(Open(result, repository), result.GetRequiredValue(filter), result.GetValue(json), IdentityOutput.Of(result)));
        return command;
    }

    private static Command Showing(Option<string> repository)
    {
        Argument<IdentityName> name = Name("The identity, owner/pin.");
        Option<bool> json = Json();
        Command command = new("show", "Show an identity's fingerprint, key and dates.") { name, json };
        command.SetAction(result => IdentityWork.Show(Open(result, repository), result.GetRequiredValue(name), result.GetValue(json), IdentityOutput.Of(result)));
        return command;
    }

    private static Command Exporting(Option<string> repository)
    {
        Argument<IdentityName> name = Name("The identity, owner/pin.");
        Option<string> output = new("--output", "-o") { Description = "File to write; left out, standard output.", HelpName = "file" };
        Option<bool> force = Force("Replace the file if it is there.");
        Command command = new("export", "Write an identity's certificate, to give it to a peer. Never the private key.") { name, output, force };
        command.SetAction(result => IdentityWork.Export(
            Open(result, repository), result.GetRequiredValue(name), result.GetValue(output), result.GetValue(force), IdentityOutput.Of(result)));
        return command;
    }

    private static Command Importing(Option<string> repository)
    {
        Argument<IdentityName> name = Name("Name for the peer, owner/pin.");
        Argument<string> file = new("file") { Description = "The peer's certificate, PEM or DER; - is standard input." };
        Option<bool> force = Force("Replace the certificate the peer has here.");
        Command command = new("import", "Take a peer's certificate into the repository.") { name, file, force };
        command.SetAction(result => IdentityWork.Import(
            Open(result, repository), result.GetRequiredValue(name), result.GetRequiredValue(file), result.GetValue(force), IdentityOutput.Of(result)));
        return command;
    }

    private static Command Verifying(Option<string> repository)
    {
        Option<bool> json = Json();
        Command command = new("verify", "Look through the repository for what would fail or harm later.") { json };
        command.SetAction(result => IdentityWork.Verify(Open(result, repository), result.GetValue(json), IdentityOutput.Of(result)));
        return command;
    }

    private static IdentityRepository Open(ParseResult result, Option<string> repository) => new(result.GetRequiredValue(repository));

    private static Argument<IdentityName> Name(string description) => new("name")
    {
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (IdentityName.TryParse(text, out IdentityName? name)) return name;
            result.AddError(text.StartsWith('-')
                ? $"'{text}' is unknown; see: {ProgramName.Plexus} identity --help"
                : $"'{text}' is not an identity; allowed is {IdentityName.Form}.");
            return IdentityName.Any;
        },
    };

    private static Option<bool> Force(string description) => new("--force") { Description = description };

    private static Option<bool> Json() => new("--json") { Description = "Write JSON." };
}
