using System.Diagnostics.CodeAnalysis;

namespace MeshOrleans.Model.Identity;

/// <summary>The URI that names one workload, e.g. <c>spiffe://cluster.local/ns/shop/sa/cart</c>.</summary>
/// <remarks>
/// Source: SPIFFE-ID section 2. At most 2048 characters; no port, user info, query or fragment; every path segment is
/// made of letters, digits, '.', '-' and '_', is not empty and is neither "." nor ".." (CVE-2021-27099's class).
/// </remarks>
public sealed record SpiffeId
{
    private const string Scheme = "spiffe://";
    private const int MaxLength = 2048;

    private SpiffeId(TrustDomain trustDomain, string path) => (TrustDomain, Path) = (trustDomain, path);

    /// <summary>The realm whose authority vouches for this identity.</summary>
    public TrustDomain TrustDomain { get; }

    /// <summary>The path with its leading slash; empty for the trust domain's own identity.</summary>
    public string Path { get; }

    /// <summary>The namespace of a <c>/ns/N/sa/S</c> path; null when the path has another shape.</summary>
    public string? Namespace => WorkloadSegment(1);

    /// <summary>The service account of a <c>/ns/N/sa/S</c> path; null when the path has another shape.</summary>
    public string? ServiceAccount => WorkloadSegment(3);

    /// <summary>The principal as authorization policies write it: the URI without its scheme.</summary>
    public string Principal => TrustDomain.Name + Path;

    /// <summary>The identity of a service account, in the shape Istio gives it.</summary>
    /// <exception cref="FormatException">A segment has characters that a SPIFFE ID may not have.</exception>
    public static SpiffeId ForWorkload(TrustDomain domain, string ns, string serviceAccount)
    {
        var path = $"/ns/{ns}/sa/{serviceAccount}";
        return IsPath(path) && path.Count('/') == 4
            ? new SpiffeId(domain, path)
            : throw new FormatException($"'{path}' is not the path of a SPIFFE ID.");
    }

    /// <summary>Parses without throwing: the text comes from a peer's certificate and is not trusted.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out SpiffeId? id)
    {
        id = null;
        if (text.Length > MaxLength || !text.StartsWith(Scheme, StringComparison.Ordinal)) return false;
        var rest = text[Scheme.Length..];
        var slash = rest.IndexOf('/');
        var authority = slash < 0 ? rest : rest[..slash];
        var path = slash < 0 ? default : rest[slash..];
        if (!TrustDomain.TryParse(authority, out var domain) || !IsPath(path)) return false;
        id = new SpiffeId(domain, path.ToString());
        return true;
    }

    /// <summary>Parses text that the caller already trusts (configuration, tests).</summary>
    /// <exception cref="FormatException">The text is no SPIFFE ID.</exception>
    public static SpiffeId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a SPIFFE ID.");

    /// <inheritdoc/>
    public override string ToString() => $"{Scheme}{TrustDomain.Name}{Path}";

    private static bool IsPath(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty) return true;
        foreach (var range in path[1..].Split('/'))
        {
            if (!IsSegment(path[1..][range])) return false;
        }

        return true;
    }

    private static bool IsSegment(ReadOnlySpan<char> segment)
    {
        if (segment.IsEmpty || segment is "." or "..") return false;
        foreach (var c in segment)
        {
            if (!(char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')) return false;
        }

        return true;
    }

    private string? WorkloadSegment(int index)
    {
        var parts = Path.Split('/');
        return parts is ["", "ns", _, "sa", _] ? parts[index + 1] : null;
    }
}
