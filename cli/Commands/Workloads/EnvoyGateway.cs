using System.Globalization;

namespace MeshOrleans.Cli.Commands.Workloads;

/// <summary>Where an Envoy finds a gateway.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">Port.</param>
internal sealed record EnvoyGateway(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c>, several with commas; an IPv6 address stands in brackets.</summary>
    /// <exception cref="CliException">It is not of that form.</exception>
    public static EnvoyGateway[] Parse(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(One)];

    private static EnvoyGateway One(string text)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon].TrimStart('[').TrimEnd(']') : "";
        var isPort = int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port);
        return host.Length > 0 && isPort && port is > 0 and <= 65535
            ? new EnvoyGateway(host, port)
            : throw CliException.Usage($"--xds: '{text}' is no HOST:PORT");
    }
}
