using System.Collections.Immutable;

namespace MeshOrleans.Silo.Access;

/// <summary>A role in some namespaces.</summary>
/// <param name="Role">The role.</param>
/// <param name="Namespaces">Where; empty for the whole mesh.</param>
internal sealed record AccessGrant(Role Role, ImmutableArray<string> Namespaces)
{
    public bool IsForMesh => Namespaces.IsEmpty;
}

/// <summary>All that one caller may do. Nothing that is not granted is allowed.</summary>
/// <param name="Grants">What was granted, in the order of the access file.</param>
internal sealed record AccessRights(ImmutableArray<AccessGrant> Grants)
{
    /// <summary>No right at all.</summary>
    public static AccessRights None { get; } = new([]);

    /// <summary>Those of the admin credential.</summary>
    public static AccessRights All { get; } = new([new AccessGrant(Role.Admin, [])]);

    /// <summary>Whether the caller has the role in at least one namespace.</summary>
    public bool HasAnywhere(Role role) => Grants.Any(grant => grant.Role.Covers(role));

    /// <summary>Whether the caller has the role for the mesh as a whole.</summary>
    public bool HasForMesh(Role role) => Grants.Any(grant => grant.IsForMesh && grant.Role.Covers(role));

    /// <summary>Whether the caller has the role in a namespace.</summary>
    public bool Has(Role role, string ns) =>
        Grants.Any(grant => grant.Role.Covers(role) && (grant.IsForMesh || grant.Namespaces.Contains(ns)));

    /// <summary>Whether the caller has all that somebody else has: only then may it let others be that somebody.</summary>
    public bool Cover(AccessRights others) => others.Grants.All(
        grant => grant.IsForMesh ? HasForMesh(grant.Role) : grant.Namespaces.All(ns => Has(grant.Role, ns)));

    /// <summary>Whether the caller may know what there is in a namespace.</summary>
    public bool Sees(string ns) => Has(Role.Viewer, ns);
}
