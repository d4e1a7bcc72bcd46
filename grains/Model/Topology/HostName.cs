using System.Net;

namespace MeshOrleans.Model.Topology;

/// <summary>
/// Host names as resources write them. Short names belong to the resource's own namespace, never the client's.
/// </summary>
public static class HostName
{
    /// <summary>What stands behind <c>name.namespace</c> in the name of a service.</summary>
    public const string ServiceSuffix = ".svc.cluster.local";

    /// <summary>The full name of a service.</summary>
    public static string Of(string name, string ns) => $"{name}.{ns}{ServiceSuffix}";

    /// <summary>
    /// The full name of a host. A name without a dot is a service of the namespace; everything else stays as it is
    /// (so <c>reviews.prod</c> is a host of that name, as in Istio).
    /// </summary>
    public static string Resolve(string host, string ns)
    {
        var name = host.ToLowerInvariant();
        return name.Length == 0 || name == "*" || name.Contains('.') || IPAddress.TryParse(name, out _)
            ? name
            : Of(name, ns);
    }

    /// <summary>
    /// True when <paramref name="host"/> is <paramref name="pattern"/> or below its left-most wildcard.
    /// </summary>
    public static bool Matches(string pattern, string host) =>
        pattern == "*"
        || (pattern.StartsWith("*.", StringComparison.Ordinal)
            ? host.Length >= pattern.Length && host.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase)
            : string.Equals(pattern, host, StringComparison.OrdinalIgnoreCase));

    /// <summary>What two patterns have in common: the narrower of them; null when they have nothing.</summary>
    public static string? Overlap(string one, string other) =>
        Matches(one, other) ? other
        : Matches(other, one) ? one
        : null;

    /// <summary>Name and namespace of a mesh service; false for every other host.</summary>
    public static bool TrySplit(string host, out string name, out string ns)
    {
        (name, ns) = ("", "");
        if (!host.EndsWith(ServiceSuffix, StringComparison.Ordinal)) return false;
        var front = host[..^ServiceSuffix.Length];
        var dot = front.IndexOf('.');
        if (dot <= 0 || dot == front.Length - 1 || front.IndexOf('.', dot + 1) >= 0) return false;
        (name, ns) = (front[..dot], front[(dot + 1)..]);
        return true;
    }
}
