using MeshOrleans.Silo.Access;

namespace MeshOrleans.Silo.Api;

/// <summary>What a call asks of its caller. Every call has one; those without are answered to nobody.</summary>
internal abstract record AccessDemand
{
    private AccessDemand()
    {
    }

    /// <summary>Nothing: what is answered is for everybody.</summary>
    /// <param name="Why">Why that is so.</param>
    public sealed record Nothing(string Why) : AccessDemand;

    /// <summary>Any credential; the call itself decides on it.</summary>
    /// <param name="OrInBody">Whether the body may have what proves the caller instead; the call refuses who has neither.</param>
    public sealed record Credential(bool OrInBody = false) : AccessDemand;

    /// <summary>A role.</summary>
    /// <param name="Role">The role.</param>
    /// <param name="ForMesh">Whether for the whole mesh; else for at least one namespace, and the call looks for which.</param>
    public sealed record OfRole(Role Role, bool ForMesh) : AccessDemand;
}
