using System.Collections.Immutable;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Silo.Access.Ended;
using MeshOrleans.Silo.Access.Members;

namespace MeshOrleans.Silo.Access;

/// <summary>What the access file says: whom to believe besides the admin credential, and who may do what.</summary>
internal sealed record AccessPolicy
{
    /// <summary>Without a file: nobody but the admin and the members of the mesh.</summary>
    public static AccessPolicy Empty { get; } = new();

    /// <summary>Whose tokens operators may present.</summary>
    public ImmutableArray<TrustedIssuer> Issuers { get; init; } = [];

    /// <summary>Who has which role.</summary>
    public ImmutableArray<RoleBinding> Bindings { get; init; } = [];

    /// <summary>Clusters whose service accounts may join.</summary>
    public ImmutableArray<ClusterAttestation> Clusters { get; init; } = [];

    /// <summary>Whether a join token may be used for a member that has had a certificate before.</summary>
    /// <value>True by default: it takes somebody who mints it.</value>
    public bool JoinTokensReattest { get; init; } = true;

    /// <summary>What those who join by themselves may say.</summary>
    /// <value>Whatever they like by default, as there is nothing in a mesh of one team to hold against it.</value>
    public MemberPolicy Members { get; init; } = MemberPolicy.Any;

    /// <summary>Whether a certificate that has ended is good for another one.</summary>
    /// <value>Not at all by default: whoever lets a credential count beyond its end says so.</value>
    public EndedPolicy Ended { get; init; } = EndedPolicy.Off;

    /// <summary>The rights of a bearer whose token is verified.</summary>
    public AccessRights RightsOf(TrustedIssuer issuer, Claim claims) =>
        RightsOf(subject => subject is ClaimSubject claim && claim.Matches(issuer.Issuer, claims));

    /// <summary>The rights of who has proved a SPIFFE ID by a certificate.</summary>
    public AccessRights RightsOf(SpiffeId id) =>
        RightsOf(subject => subject is SpiffeSubject spiffe && spiffe.Matches(id));

    private AccessRights RightsOf(Func<AccessSubject, bool> isMeant)
    {
        ImmutableArray<AccessGrant> grants =
            [.. Bindings.Where(binding => binding.Subjects.Any(isMeant)).Select(binding => binding.Grant)];
        return grants.IsEmpty ? AccessRights.None : new AccessRights(grants);
    }
}
