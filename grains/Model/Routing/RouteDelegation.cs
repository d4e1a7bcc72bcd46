using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;

namespace MeshOrleans.Model.Routing;

/// <summary>Puts the routes of delegates in the place of the entries that name them.</summary>
/// <remarks>
/// A delegate is a VirtualService without hosts. What its routes say counts before what the root's entry says; what
/// they do not say is inherited. Short host names belong to the namespace of whoever wrote them. A route whose
/// conditions are not within the root's is left out, as is an entry whose delegate does not exist. Source: Istio,
/// mergeVirtualServicesIfNeeded; one level only.
/// </remarks>
public static class RouteDelegation
{
    /// <summary>Whether a VirtualService counts only where a root names it.</summary>
    public static bool IsDelegate(VirtualService service) => service.Hosts.IsEmpty;

    /// <summary>Whether a VirtualService names delegates.</summary>
    public static bool IsRoot(VirtualService service) => service.Http.Any(route => route.Delegate is not null);

    /// <summary>The root with the routes of its delegates in it.</summary>
    /// <param name="root">A VirtualService that may name delegates.</param>
    /// <param name="rootNamespace">Its namespace.</param>
    /// <param name="find">Any VirtualService by namespace and name; null when there is none.</param>
    /// <param name="report">Told of everything that is left out.</param>
    public static VirtualService Merge(
        VirtualService root,
        string rootNamespace,
        Func<string, string, VirtualService?> find,
        Action<DelegateFinding>? report = null)
    {
        if (!IsRoot(root)) return root;
        var routes = ImmutableArray.CreateBuilder<HttpRoute>();
        foreach (var (i, entry) in root.Http.Index())
        {
            if (entry.Delegate is not { } named) routes.Add(entry);
            else AddDelegated(i, entry, named);
        }

        return root with { Http = routes.ToImmutable() };

        void AddDelegated(int index, HttpRoute entry, HttpDelegate named)
        {
            var ns = named.Namespace.Length > 0 ? named.Namespace : rootNamespace;
            var full = $"{ns}/{named.Name}";
            if (find(ns, named.Name) is not { } target || !IsDelegate(target))
            {
                report?.Invoke(new DelegateFinding(index, full, DelegateProblem.Missing));
                return;
            }

            if (!Visibility.Allows(target.ExportTo, ns, rootNamespace))
            {
                report?.Invoke(new DelegateFinding(index, full, DelegateProblem.NotVisible));
                return;
            }

            var inherited = FullNames.Of(entry, rootNamespace);
            foreach (var (j, route) in target.Http.Index())
            {
                if (Join(inherited, FullNames.Of(route, ns)) is { } joined) routes.Add(joined);
                else report?.Invoke(new DelegateFinding(index, full, DelegateProblem.Outside, j));
            }
        }
    }

    private static HttpRoute? Join(HttpRoute root, HttpRoute leaf)
    {
        if (leaf.Delegate is not null || MatchIntersection.Of(root.Match, leaf.Match) is not { } match) return null;
        return leaf with
        {
            Name = MatchIntersection.JoinNames(root.Name, leaf.Name),
            Match = match,
            Rewrite = leaf.Rewrite ?? root.Rewrite,
            Timeout = leaf.Timeout ?? root.Timeout,
            Retries = leaf.Retries ?? root.Retries,
            Fault = leaf.Fault ?? root.Fault,
            Mirror = leaf.Mirror ?? (leaf.Mirrors.IsEmpty ? root.Mirror : null),
            Mirrors = leaf.Mirrors.IsEmpty && leaf.Mirror is null ? root.Mirrors : leaf.Mirrors,
            MirrorPercentage = leaf.MirrorPercentage ?? root.MirrorPercentage,
            CorsPolicy = leaf.CorsPolicy ?? root.CorsPolicy,
            Headers = leaf.Headers == HeaderOperations.None ? root.Headers : leaf.Headers,
        };
    }
}
