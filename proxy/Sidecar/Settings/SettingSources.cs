using System.Text.Json;

namespace MeshOrleans.Proxy.Sidecar.Settings;

/// <summary>
/// Where values come from: the command line wins over the environment, that over the configuration
/// file.
/// </summary>
internal sealed class SettingSources
{
    private const int MaxFileBytes = 1 << 20;
    private readonly Dictionary<string, string> _line;
    private readonly Func<string, string?> _environment;
    private readonly Dictionary<string, string> _file = [];

    private SettingSources(Dictionary<string, string> line, Func<string, string?> environment)
    {
        _line = line;
        _environment = environment;
        if (Find("config") is { } path) _file = ReadFile(path);
    }

    /// <summary>Reads the three sources.</summary>
    /// <exception cref="SettingsException">
    /// A flag is unknown or lacks its value, or the file cannot be used.
    /// </exception>
    public static SettingSources Read(IReadOnlyList<string> arguments, Func<string, string?> environment) =>
        new(ReadLine(arguments), environment);

    /// <summary>The value of one setting, or null where nobody gave any; an empty value counts as none.</summary>
    public string? Find(string name)
    {
        if (_line.TryGetValue(name, out var value)) return value;
        var variable = _environment(Flags.Find(name)!.Variable);
        if (!string.IsNullOrWhiteSpace(variable)) return variable.Trim();
        return _file.TryGetValue(name, out value) && value.Length > 0 ? value : null;
    }

    private static Dictionary<string, string> ReadLine(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                throw new SettingsException($"'{argument}' is not a flag; flags start with --");
            }

            var equals = argument.IndexOf('=');
            var name = equals < 0 ? argument[2..] : argument[2..equals];
            if (Flags.Find(name) is not { } flag) throw new SettingsException($"unknown flag --{name}{Nearest(name)}");
            if (flag.IsSecret)
            {
                throw new SettingsException(
                    $"--{name} would be visible to everyone on this machine; use --token-file or {flag.Variable}");
            }

            if (equals < 0 && ++i >= arguments.Count)
            {
                throw new SettingsException($"--{name} needs a value: {flag.Shape}");
            }

            var value = equals < 0 ? arguments[i] : argument[(equals + 1)..];
            if (string.IsNullOrWhiteSpace(value)) throw new SettingsException($"--{name} needs a value: {flag.Shape}");
            values[name] = value.Trim();
        }

        return values;
    }

    private static Dictionary<string, string> ReadFile(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Length > MaxFileBytes) throw new SettingsException($"{path} is larger than {MaxFileBytes} bytes");
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return ReadObject(document.RootElement, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new SettingsException($"cannot read --config {path}: {exception.Message}");
        }
    }

    // The whole answer of POST /v1/workloads is as welcome as its sidecarConfig alone.
    private static Dictionary<string, string> ReadObject(JsonElement root, string path)
    {
        if (root.ValueKind is not JsonValueKind.Object) throw new SettingsException($"{path} is not a JSON object");
        if (root.TryGetProperty("sidecarConfig", out var inner)) return ReadObject(inner, path);

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            if (Flags.Find(property.Name) is null || property.Name == "config")
            {
                throw new SettingsException($"{path}: unknown setting '{property.Name}'{Nearest(property.Name)}");
            }

            values[property.Name] = Text(property.Value) ?? throw new SettingsException(
                $"{path}: '{property.Name}' has a value that is no text");
        }

        return values;
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.Trim(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(Text)),
        JsonValueKind.Object => string.Join(',', value.EnumerateObject().Select(p => $"{p.Name}={Text(p.Value)}")),
        _ => null,
    };

    private static string Nearest(string name)
    {
        var best = Flags.All.Where(f => !f.IsSecret).MinBy(f => Distance(f.Name, name))!;
        return Distance(best.Name, name) <= Math.Max(2, name.Length / 3)
            ? $"; did you mean --{best.Name}?"
            : "; see --help";
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(
                    Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }

        return row[b.Length];
    }
}
