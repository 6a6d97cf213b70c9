using System.Globalization;

namespace Plexus.Bench;

/// <summary>The options of a benchmark: <c>--name VALUE</c>, <c>--name=VALUE</c> or a bare <c>--flag</c>.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string> _values = [];

    public Options(IEnumerable<string> arguments)
    {
        string? name = null;
        foreach (string argument in arguments)
        {
            if (!argument.StartsWith("--", StringComparison.Ordinal) && name is not null)
            {
                _values[name] = argument;
                name = null;
                continue;
            }

            string[] parts = argument.TrimStart('-').Split('=', 2);
            _values[name = parts[0]] = parts.Length > 1 ? parts[1] : "";
            if (parts.Length > 1) name = null;
        }
    }

    /// <summary>The options as they are written on a command line.</summary>
    public IEnumerable<string> Arguments => _values.Select(o => $"--{o.Key}={o.Value}");

    public Options With(string name, string value) => new([.. Arguments, $"--{name}={value}"]);

    public bool Has(string name) => _values.ContainsKey(name);

    public double Number(string name, double otherwise) =>
        _values.TryGetValue(name, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    public string Text(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);
}
