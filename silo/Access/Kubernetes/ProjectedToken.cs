using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Multicluster.Workloads.Attesting;

namespace MeshOrleans.Silo.Access.Kubernetes;

/// <summary>What the token of a service account says of whom it is bound to. This verifies nothing of it.</summary>
/// <remarks>
/// Source: the claims <c>sub</c> and <c>kubernetes.io</c> that the API server writes into tokens of the TokenRequest
/// API: <c>namespace</c>, <c>serviceaccount</c>, and of what it is bound to <c>pod</c> or <c>node</c>, each with name
/// and uid.
/// </remarks>
/// <param name="Namespace">The namespace of the service account.</param>
/// <param name="Account">The service account.</param>
/// <param name="Pod">The pod, or without one the machine, that it is bound to; null when to neither.</param>
internal sealed record ProjectedToken(string Namespace, string Account, ProvedNode? Pod)
{
    private const int MaxUid = 128;

    /// <summary>How the API server calls the service account.</summary>
    public string Subject => $"system:serviceaccount:{Namespace}:{Account}";

    /// <summary>Reads the claims of a token; null when they are not those of a service account.</summary>
    /// <param name="claims">The claims.</param>
    /// <param name="cluster">The name of the cluster, as uids are unique in one only.</param>
    public static ProjectedToken? Read(Claim claims, string cluster)
    {
        var own = claims["kubernetes.io"];
        if (own?["namespace"]?.Text is not { } ns || !ResourceName.IsDnsLabel(ns)) return null;
        if (own["serviceaccount"]?["name"]?.Text is not { } account || !ResourceName.IsDnsSubdomain(account)) return null;
        var node = own["pod"] is { } pod
            ? Bound(pod, $"kubernetes/{cluster}/pod", ns)
            : Bound(own["node"], $"kubernetes/{cluster}/node", "");
        var token = new ProjectedToken(ns, account, node);
        return claims["sub"]?.Text == token.Subject ? token : null; // what is said twice must be the same twice
    }

    private static ProvedNode? Bound(Claim? to, string kind, string ns) =>
        to?["name"]?.Text is { } name && ResourceName.IsDnsSubdomain(name) && to["uid"]?.Text is { Length: > 0 and <= MaxUid } uid
            ? new ProvedNode($"{kind}/{uid}", new NodeName(ns, name))
            : null;
}
