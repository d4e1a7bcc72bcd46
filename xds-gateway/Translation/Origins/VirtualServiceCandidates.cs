using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.GatewayApi;
using MeshOrleans.Model.Routing;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Origins;

/// <summary>Why a VirtualService answers for a host, or does not. Who answers, the table alone says.</summary>
internal static class VirtualServiceCandidates
{
    private const int MaxStrangers = 20;

    /// <summary>
    /// All that name the host, and some of the client's and the service's namespace that do not: one of them may have
    /// been meant to.
    /// </summary>
    /// <param name="view">What the client sees.</param>
    /// <param name="host">A full host name.</param>
    /// <param name="isOfRequests">
    /// Whether requests are asked about, and not connections whose bytes are carried.
    /// </param>
    public static ImmutableArray<Candidate> Of(ProxyView view, string host, bool isOfRequests)
    {
        var chosen = view.VirtualServices.Find(host);
        var egress = EgressScope.Of(view.Mesh, view.Scope);
        var service = view.FindService(host)?.Namespace;
        var all = view.Mesh.VirtualServices.Concat(view.Mesh.GatewayRoutes)
            .DistinctBy(source => source.Resource.Key)
            .ToLookup(source => PatternsOf(source, host).Any());
        var strangers = all[false]
            .Where(source => source.Namespace == view.Scope.Namespace || source.Namespace == service)
            .Take(MaxStrangers);
        return
        [
            .. Attached(view, host, chosen, isOfRequests),
            .. all[true].Concat(strangers)
                .OrderBy(source => source.Resource, ConfigResource.ByAge)
                .Select(source => Judge(view, egress, source, chosen, host)),
        ];
    }

    /// <summary>The routes of the Gateway API that are attached to the host's service.</summary>
    private static IEnumerable<Candidate> Attached(
        ProxyView view, string host, Sourced<VirtualService>? chosen, bool isOfRequests) =>
        from routes in view.Mesh.ServiceRoutes
        where routes.Service.Host == host
        from source in routes.Sources
        let isOfKind = source.Spec is RequestRoute == isOfRequests
        let counts = isOfKind && view.VirtualServices.AttachedTo(host)?.Sources.Contains(source) is true
        select new Candidate(
            source.Key,
            counts,
            counts ? $"answers for {host}, which it is attached to"
            : !isOfKind && isOfRequests ? "is for connections, and not for requests"
            : !isOfKind ? "is for requests, and not for connections"
            : routes.Spec.ExportTo is [var consumer] && consumer != view.Scope.Namespace
                ? $"is for clients of namespace {consumer}"
            : chosen is not null ? $"counts after {NameOf(chosen)}, which is of the client's namespace"
            : "is hidden from the client");

    private static string NameOf(Sourced<VirtualService> source) => source.Resource.Key.Kind is nameof(VirtualService)
        ? $"{source.Namespace}/{source.Name}"
        : source.Resource.Key.ToString();

    private static Candidate Judge(
        ProxyView view,
        EgressScope egress,
        Sourced<VirtualService> source,
        Sourced<VirtualService>? chosen,
        string host)
    {
        if (source.Resource.Key == chosen?.Resource.Key)
        {
            return Because(source, $"answers for {PatternOf(source, host)}", counts: true);
        }

        var patterns = PatternsOf(source, host).ToList();
        if (patterns.Count == 0)
        {
            return Because(source, source.Spec.Hosts.IsEmpty
                ? "is for others to delegate to"
                : $"is for other hosts: {string.Join(", ", source.Spec.Hosts)}");
        }

        if (!source.Spec.IsForSidecars)
        {
            return Because(source, $"is for gateways only: {string.Join(", ", source.Spec.Gateways)}");
        }

        if (!Visibility.Allows(source.Spec.ExportTo, source.Namespace, view.Scope.Namespace))
        {
            return Because(source, $"is not exported to namespace {view.Scope.Namespace}");
        }

        if (!patterns.Exists(pattern => egress.Sees(source.Namespace, pattern)))
        {
            return Because(source, "is hidden from the client by its Sidecar resource");
        }

        return Because(source, chosen is null ? "does not count here" : Loses(source, chosen, host));
    }

    private static string Loses(Sourced<VirtualService> source, Sourced<VirtualService> chosen, string host)
    {
        if (chosen.Resource.Key.Kind is not nameof(VirtualService))
        {
            return $"counts after {NameOf(chosen)}: routes of the Gateway API come before VirtualServices";
        }

        var (mine, theirs) = (PatternOf(source, host), PatternOf(chosen, host));
        var winner = NameOf(chosen);
        if (mine != theirs) return $"{winner} is for {theirs}, which is nearer than {mine}";
        if (RouteMerging.IsWanted(source.Resource) && RouteMerging.IsWanted(chosen.Resource))
        {
            return $"is merged into {winner}";
        }

        return HostPrecedence.Rank(source.Spec.ExportTo) == HostPrecedence.Rank(chosen.Spec.ExportTo)
            ? $"is younger than {winner}"
            : $"counts after {winner}, which is exported more narrowly";
    }

    /// <summary>The nearest of its hosts that takes a host.</summary>
    private static string PatternOf(Sourced<VirtualService> source, string host) =>
        PatternsOf(source, host).OrderBy(p => p.StartsWith('*')).ThenByDescending(p => p.Length).First();

    private static IEnumerable<string> PatternsOf(Sourced<VirtualService> source, string host) =>
        source.Spec.Hosts.Select(h => HostName.Resolve(h, source.Namespace)).Where(p => HostName.Matches(p, host));

    private static Candidate Because(Sourced<VirtualService> source, string reason, bool counts = false) =>
        new(source.Resource.Key, counts, reason);
}
