namespace MeshOrleans.Grains.Subscriptions;

/// <summary>
/// What a proxy is known by. Clients name their nodes themselves: a name tells proxies of one identity apart, and whoever takes
/// that of another identity's proxy is another proxy.
/// </summary>
/// <param name="SpiffeId">The authenticated identity; empty for clients without one.</param>
/// <param name="NodeId">What it calls its node.</param>
public readonly record struct ProxyKey(string SpiffeId, string NodeId)
{
    private const char Separator = '|'; // in no SPIFFE ID
    private const string Scheme = "spiffe://";

    /// <summary>Reads what <see cref="ToString"/> has written, or the bare node id of an earlier version.</summary>
    public static ProxyKey Parse(string text)
    {
        var at = text.IndexOf(Separator, StringComparison.Ordinal);
        return at == 0 || (at > 0 && text.StartsWith(Scheme, StringComparison.Ordinal))
            ? new ProxyKey(text[..at], text[(at + 1)..])
            : new ProxyKey("", text);
    }

    /// <summary>The identity and the node with a bar between them.</summary>
    public override string ToString() => $"{SpiffeId}{Separator}{NodeId}";
}
