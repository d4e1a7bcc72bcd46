using System.Globalization;
using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>The <c>HOST:PORT</c> in a setting, a URL or a command.</summary>
internal static partial class HostPorts
{
    public static IEnumerable<(string Host, int Port)> In(string text) => HostPort().Matches(text)
        .Select(m => (m.Groups["host"].Value, int.Parse(m.Groups["port"].Value, CultureInfo.InvariantCulture)));

    public static bool IsLoopback(string host) =>
        host is "localhost" || host.StartsWith("127.", StringComparison.Ordinal);

    [GeneratedRegex(@"(?<=^|//|[@,\s""'])(?<host>[a-z0-9][a-z0-9.-]*):(?<port>\d{2,5})(?=$|[/,\s""'])")]
    private static partial Regex HostPort();
}
