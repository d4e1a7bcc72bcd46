using System.Text.Json;

namespace MeshOrleans.Cli.Connection;

/// <summary>Where a control plane answers, and who said so.</summary>
/// <param name="Api">The REST API.</param>
/// <param name="Xds">Where sidecars connect, <c>host:port</c>; empty when the source does not say.</param>
/// <param name="Source">What named the address, for messages.</param>
internal sealed record ControlPlaneAddress(Uri Api, string Xds, string Source)
{
    private const string FileName = "control-plane.json";
    private const int MaxFileBytes = 1 << 16;

    /// <summary>Where programs without a sidecar connect, in clear text; empty when the source does not say.</summary>
    public string XdsPlain { get; init; } = "";

    /// <summary>The flag wins over the variable, that over what the control plane wrote into its data folder.</summary>
    /// <exception cref="CliException">Nobody names one, or what is named is no address.</exception>
    public static ControlPlaneAddress Resolve(string? server, string dataFolder, CliHost host)
    {
        if (server is not null) return new(Parse(server, "--server"), "", "--server");
        if (host.Variable("MESH_SERVER") is { Length: > 0 } variable)
        {
            return new(Parse(variable, "MESH_SERVER"), "", "MESH_SERVER");
        }

        var path = Path.Combine(dataFolder, FileName);
        if (!File.Exists(path))
        {
            throw new CliException(
                $"no control plane is known: {path} does not exist; start one with ./mesh up, "
                + "or name it with --server URL or its folder with --data DIR");
        }

        return Read(path);
    }

    private static ControlPlaneAddress Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxFileBytes) throw new CliException($"{path} is too large for an address");
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new(Parse(Text(document, "api"), path), Text(document, "xds"), path)
            {
                XdsPlain = Text(document, "xdsPlain"),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CliException(
                $"cannot read {path}: {exception.Message}; name the control plane with --server URL");
        }
    }

    private static string Text(JsonDocument document, string name) =>
        document.RootElement.ValueKind is JsonValueKind.Object
        && document.RootElement.TryGetProperty(name, out var value)
        && value.ValueKind is JsonValueKind.String
            ? value.GetString()!
            : "";

    private static Uri Parse(string text, string source)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        return Uri.TryCreate(full, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && uri is { UserInfo: "", Query: "", Fragment: "", AbsolutePath: "/" }
                ? uri
                : throw CliException.Usage($"{source}: '{text}' is no address; write e.g. http://127.0.0.1:15080");
    }
}
