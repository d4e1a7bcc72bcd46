namespace MeshOrleans.Model.Evaluation;

/// <summary>The one spelling of a host that routing and policy compare (CVE-2021-39155).</summary>
public static class HostName
{
    /// <summary>
    /// Lower case, without the dot that may end the name; a port stays. Gives the same instance back when nothing
    /// changes.
    /// </summary>
    public static string Normalize(string authority)
    {
        var port = PortStart(authority);
        var nameEnd = port < 0 ? authority.Length : port;
        var dotted = nameEnd > 1 && authority[nameEnd - 1] == '.';
        if (dotted) authority = string.Concat(authority.AsSpan(0, nameEnd - 1), authority.AsSpan(nameEnd));
        return authority.AsSpan().ContainsAnyInRange('A', 'Z') ? authority.ToLowerInvariant() : authority;
    }

    /// <summary>The name without its port; an IPv6 literal keeps its brackets.</summary>
    public static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> authority)
    {
        var port = PortStart(authority);
        return port < 0 ? authority : authority[..port];
    }

    /// <summary>The port that the authority names; null when it names none or no number of 1 to 65535.</summary>
    public static int? Port(ReadOnlySpan<char> authority)
    {
        var start = PortStart(authority);
        return start >= 0
            && ushort.TryParse(authority[(start + 1)..], System.Globalization.NumberStyles.None, null, out var port)
            && port > 0 ? port : null;
    }

    // The colon before the port, or -1. Colons inside [..] belong to an IPv6 literal.
    private static int PortStart(ReadOnlySpan<char> authority)
    {
        var colon = authority.LastIndexOf(':');
        return colon >= 0 && authority[colon..].IndexOf(']') < 0 ? colon : -1;
    }
}
