using System.Globalization;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>Status codes as text, made once.</summary>
internal static class StatusText
{
    private const int First = 100;

    private static readonly string[] _codes =
        [.. Enumerable.Range(First, 500).Select(code => code.ToString(CultureInfo.InvariantCulture))];

    public static string Of(int status) => status - First < _codes.Length && status >= First
        ? _codes[status - First]
        : status.ToString(CultureInfo.InvariantCulture);
}
