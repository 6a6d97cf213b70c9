namespace Plexus.App.Settings;

/// <summary>Where this user's programs keep what may be lost: the XDG Base Directory Specification's state folder.</summary>
internal static class StateFolder
{
    private const string Own = "plexus";

    /// <summary>Our folder, whether it exists or not; null for a user without a home, which keeps nothing.</summary>
    public static string? Path { get; } = Find();

    private static string? Find()
    {
        string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (!string.IsNullOrEmpty(state) && System.IO.Path.IsPathRooted(state)) return System.IO.Path.Combine(state, Own);
        if (OperatingSystem.IsWindows())
        {
            string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            return data.Length == 0 ? null : System.IO.Path.Combine(data, Own);
        }

        string home = Environment.GetEnvironmentVariable("HOME") ?? "";
        // Debian gives services a home that is not there; to make it is not for us.
        return !Directory.Exists(home) ? null : System.IO.Path.Combine(home, ".local", "state", Own);
    }
}
