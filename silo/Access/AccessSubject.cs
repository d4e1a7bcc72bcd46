using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Silo.Access;

/// <summary>One role for some callers.</summary>
internal sealed record RoleBinding(AccessGrant Grant, System.Collections.Immutable.ImmutableArray<AccessSubject> Subjects);

/// <summary>Whom a binding is for.</summary>
internal abstract record AccessSubject;

/// <summary>Bearers of a token with a claim.</summary>
/// <param name="Issuer">Whose token.</param>
/// <param name="Path">The claim, or the names that lead to it, joined by dots; a name that has dots itself is tried first.</param>
/// <param name="Value">Its value, or one of its values.</param>
internal sealed record ClaimSubject(string Issuer, string Path, string Value) : AccessSubject
{
    // RFC 8693 section 4.2, RFC 9068 section 2.2.3: a list, written as one text
    private const string ScopeClaim = "scope";

    public bool Matches(string issuer, Claim claims)
    {
        if (issuer != Issuer || Find(claims, Path) is not { } claim) return false;
        return claim.Kind switch
        {
            ClaimKind.Text when Path == ScopeClaim => claim.Text.Split(' ').Contains(Value),
            ClaimKind.Text => claim.Text == Value,
            ClaimKind.List => claim.Items.Any(item => item.Kind is ClaimKind.Text && item.Text == Value),
            _ => false,
        };
    }

    private static Claim? Find(Claim claims, string path)
    {
        if (claims[path] is { } found) return found;
        var dot = path.IndexOf('.');
        return dot < 0 || claims[path[..dot]] is not { } inner ? null : Find(inner, path[(dot + 1)..]);
    }
}

/// <summary>Who has a certificate with a SPIFFE ID.</summary>
/// <param name="Id">The ID, or what it begins with, up to a slash.</param>
/// <param name="IsPrefix">Whether it is only the beginning.</param>
internal sealed record SpiffeSubject(string Id, bool IsPrefix) : AccessSubject
{
    public bool Matches(SpiffeId id) => IsPrefix
        ? id.ToString().StartsWith(Id, StringComparison.Ordinal)
        : id.ToString() == Id;
}
