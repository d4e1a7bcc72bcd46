using System.Diagnostics.CodeAnalysis;

namespace MeshOrleans.Proxy.Sidecar.Settings;

/// <summary>A host name or literal address and a port.</summary>
internal sealed record HostPort(string Host, int Port)
{
    public Uri Https => new UriBuilder(Uri.UriSchemeHttps, Host, Port).Uri;

    /// <summary>Parses <c>host:port</c> and <c>[::1]:port</c>; a port of 0 is none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HostPort? value)
    {
        value = null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), out var port) || port == 0) return false;
        var host = text[..colon];
        var name = host is ['[', .., ']'] ? host[1..^1] : host;
        if (Uri.CheckHostName(name) == UriHostNameType.Unknown || (name.Contains(':') && host[0] != '[')) return false;
        value = new HostPort(name, port);
        return true;
    }

    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
