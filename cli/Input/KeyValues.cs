using System.Globalization;

namespace MeshOrleans.Cli.Input;

/// <summary>Reads <c>k=v</c> lists, repeated or separated by commas.</summary>
internal static class KeyValues
{
    /// <exception cref="CliException">A part is not <c>k=v</c>, or a key is named twice.</exception>
    public static SortedDictionary<string, string> Parse(IEnumerable<string> texts, string flag)
    {
        var pairs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in texts.SelectMany(t => t.Split(',', StringSplitOptions.TrimEntries)))
        {
            var equals = part.IndexOf('=');
            if (equals <= 0) throw CliException.Usage($"{flag}: '{part}' is not of the form key=value");
            if (!pairs.TryAdd(part[..equals].Trim(), part[(equals + 1)..].Trim()))
            {
                throw CliException.Usage($"{flag} names '{part[..equals].Trim()}' twice");
            }
        }

        return pairs;
    }

    /// <exception cref="CliException">A part is not <c>name=port</c>.</exception>
    public static SortedDictionary<string, int> Ports(IEnumerable<string> texts, string flag)
    {
        var ports = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (name, text) in Parse(texts, flag))
        {
            var isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port);
            ports[name] = isNumber && port is > 0 and <= 65535
                ? port
                : throw CliException.Usage($"{flag}: '{text}' is not a port (1-65535)");
        }

        return ports;
    }
}
