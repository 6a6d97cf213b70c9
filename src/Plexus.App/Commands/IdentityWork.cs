using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Plexus.Identities;

namespace Plexus.App.Commands;

/// <summary>Does what <see cref="IdentityCommand"/> was asked for. Each method returns the exit code.</summary>
internal static class IdentityWork
{
    private const string StandardInput = "-";

    public static int Create(IdentityRepository repository, IdentityName name, int bits, bool force, IdentityOutput output)
    {
        WarnOfLooks(name, output);
        Identity made = repository.Create(name, bits, force);
        WriteText(IdentityFacts.Of(made, hasPrivateKey: true), output.Result);
        output.Notes.WriteLine($"Give the peer the certificate: plexus identity export {name} --app-repo {repository.Path} --output FILE");
        return ExitCodes.Success;
    }

    public static int List(IdentityRepository repository, IdentityName filter, bool json, IdentityOutput output)
    {
        IReadOnlyList<IdentityFacts> all = [.. repository.List(filter).Select(name => Facts(repository, name))];
        if (json) return WriteJson(all, IdentityJson.Default.IReadOnlyListIdentityFacts, output);
        if (all.Count == 0) output.Notes.WriteLine($"No identity of '{repository.Path}' fits '{filter}'.");
        int width = all.Select(facts => facts.Name.Length).DefaultIfEmpty().Max();
        foreach (IdentityFacts facts in all)
        {
            string rest = facts.Problem ?? $"RSA {facts.KeyBits}, expires {Day(facts.Expires)}";
            output.Result.WriteLine($"{facts.Name.PadRight(width)}  {(facts.HasPrivateKey ? "host" : "peer")}  {rest}");
        }

        return ExitCodes.Success;
    }

    public static int Show(IdentityRepository repository, IdentityName name, bool json, IdentityOutput output)
    {
        IdentityFacts facts = IdentityFacts.Of(repository.LoadPeer(name), HasPrivateKey(repository, name));
        if (json) return WriteJson(facts, IdentityJson.Default.IdentityFacts, output);
        WriteText(facts, output.Result);
        return ExitCodes.Success;
    }

    public static int Export(IdentityRepository repository, IdentityName name, string? file, bool force, IdentityOutput output)
    {
        string certificate = repository.Export(name);
        if (string.IsNullOrEmpty(file))
        {
            output.Result.Write(certificate);
            return ExitCodes.Success;
        }

        try
        {
            using StagedFiles files = new();
            files.Add(Path.GetFullPath(file), Encoding.ASCII.GetBytes(certificate), StagedFiles.PublicMode, force);
            files.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PlexusException(PlexusStage.Identity, Path.Exists(file) && !force
                ? $"The certificate was not written: '{file}' exists already; choose another file, or replace it with --force."
                : $"The certificate was not written to '{file}': {FileFailure.ReasonOf(e, file)}.", e);
        }

        return ExitCodes.Success;
    }

    public static int Import(IdentityRepository repository, IdentityName name, string file, bool force, IdentityOutput output)
    {
        WarnOfLooks(name, output);
        Identity imported = repository.Import(name, Read(file), force);
        if (imported.KeyBits < IdentityCreation.SmallestKeyBits) output.Notes.WriteLine($"plexus: the key has only {imported.KeyBits} bits; ask the peer for a new identity.");
        WriteText(IdentityFacts.Of(imported, hasPrivateKey: false), output.Result);
        output.Notes.WriteLine("Compare the fingerprint with the peer's, by telephone or in person, before you rely on it.");
        return ExitCodes.Success;
    }

    public static int Verify(IdentityRepository repository, bool json, IdentityOutput output)
    {
        IReadOnlyList<RepositoryFinding> findings = repository.Verify();
        if (json) WriteJson(findings, IdentityJson.Default.IReadOnlyListRepositoryFinding, output);
        foreach (RepositoryFinding finding in json ? [] : findings)
        {
            output.Result.WriteLine($"{(finding.Weight == FindingWeight.Error ? "error" : "warning")}: {finding.Path}: {finding.Problem}");
            output.Result.WriteLine($"    {finding.Mend}");
        }

        if (findings.Count == 0) output.Notes.WriteLine($"{repository.List().Count} identities, nothing to mend.");
        return findings.Any(finding => finding.Weight == FindingWeight.Error) ? ExitCodes.Of(PlexusStage.Identity) : ExitCodes.Success;
    }

    private static IdentityFacts Facts(IdentityRepository repository, IdentityName name)
    {
        try
        {
            return IdentityFacts.Of(repository.LoadPeer(name), HasPrivateKey(repository, name));
        }
        catch (PlexusException e)
        {
            return new(name.ToString(), HasPrivateKey(repository, name), null, null, null, null, null, e.Message);
        }
    }

    private static bool HasPrivateKey(IdentityRepository repository, IdentityName name) =>
        File.Exists(RepositoryFolders.PrivateKeyPath(repository.Path, name));

    private static void WarnOfLooks(IdentityName name, IdentityOutput output)
    {
        if (!LookAlikes.IsPlain(name.ToString()))
        {
            output.Notes.WriteLine($"plexus: '{name}' has letters outside plain ASCII, which can look like others; check each one.");
        }
    }

    private static byte[] Read(string file)
    {
        try
        {
            if (file != StandardInput) return CertificateFile.ReadSmall(file);
            using Stream input = Console.OpenStandardInput();
            byte[] buffer = new byte[CertificateFile.LargestFile + 1]; // One more than may be: the import refuses it.
            return buffer[..input.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PlexusException(PlexusStage.Identity, $"'{file}' cannot be read: {FileFailure.ReasonOf(e, file)}.", e);
        }
    }

    private static void WriteText(IdentityFacts facts, TextWriter to)
    {
        to.WriteLine($"name         {facts.Name}");
        to.WriteLine($"private key  {(facts.HasPrivateKey ? "yes: can be the host" : "no: a peer")}");
        to.WriteLine($"fingerprint  {facts.Fingerprint}");
        to.WriteLine($"DHT id       {facts.DhtId}");
        to.WriteLine($"key          RSA, {facts.KeyBits} bits");
        to.WriteLine($"valid        {Day(facts.ValidFrom)} to {Day(facts.Expires)}");
    }

    private static string Day(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";

    private static int WriteJson<T>(T value, JsonTypeInfo<T> type, IdentityOutput output)
    {
        output.Result.WriteLine(JsonSerializer.Serialize(value, type));
        return ExitCodes.Success;
    }
}
