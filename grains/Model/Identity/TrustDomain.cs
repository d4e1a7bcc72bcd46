using System.Diagnostics.CodeAnalysis;

namespace MeshOrleans.Model.Identity;

/// <summary>
/// The name of one authority's realm, e.g. <c>cluster.local</c>: the host part of every SPIFFE ID in it.
/// </summary>
/// <remarks>Source: SPIFFE-ID section 2.1. Lower-case letters, digits, '.', '-' and '_'; 1 to 255 characters.</remarks>
public sealed record TrustDomain
{
    private const int MaxLength = 255;

    private TrustDomain(string name) => Name = name;

    /// <summary>The bare name, without scheme.</summary>
    public string Name { get; }

    /// <summary>Parses without throwing: the text may come from a peer's certificate.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out TrustDomain? domain)
    {
        domain = null;
        if (text.IsEmpty || text.Length > MaxLength) return false;
        foreach (var c in text)
        {
            if (!(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_')) return false;
        }

        domain = new TrustDomain(text.ToString());
        return true;
    }

    /// <summary>Parses text that the caller already trusts (configuration, tests).</summary>
    /// <exception cref="FormatException">The text is no trust domain.</exception>
    public static TrustDomain Parse(string text) =>
        TryParse(text, out var domain) ? domain : throw new FormatException($"'{text}' is not a trust domain.");

    /// <inheritdoc/>
    public override string ToString() => Name;
}
