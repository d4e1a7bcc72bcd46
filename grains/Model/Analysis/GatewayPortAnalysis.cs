using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>
/// Servers of Gateways that want one port of the same workloads for what cannot share it: the oldest opens it, and the
/// others are left out.
/// </summary>
public static class GatewayPortAnalysis
{
    /// <summary>A server that is left out because an older one speaks something else on its port.</summary>
    public const string ConflictCode = "MSH2004";

    /// <summary>Everything that is found, in the order of the resources' keys.</summary>
    /// <param name="resources">All resources of the mesh; only Gateways are looked at.</param>
    /// <param name="members">
    /// Labels of the members. Without any, two Gateways have workloads in common when all that one selects are selected
    /// by the other.
    /// </param>
    public static ImmutableArray<AnalysisFinding> Of(
        IEnumerable<ConfigResource> resources, IEnumerable<ImmutableSortedDictionary<string, string>> members)
    {
        ImmutableSortedDictionary<string, string>[] labels = [.. members];
        var found = new List<AnalysisFinding>();
        foreach (var claims in Claims(resources).ToLookup(claim => claim.Place))
        {
            var opened = new List<Claim>();
            foreach (var claim in claims)
            {
                var holder = opened.Find(
                    o => GatewayServers.Excludes(o.Kind, claim.Kind) && Share(o, claim, labels));
                if (holder is null) opened.Add(claim);
                else found.AddRange(Tell(holder, claim));
            }
        }

        return [.. found.OrderBy(f => f.Resource)];
    }

    /// <summary>All servers with a port, those of the oldest Gateway first.</summary>
    private static IEnumerable<Claim> Claims(IEnumerable<ConfigResource> resources) =>
        from resource in resources.Where(r => r.Spec is Gateway).Order(ConfigResource.ByAge)
        let gateway = (Gateway)resource.Spec
        from server in gateway.Servers.Index()
        where server.Item.Port is { Number: > 0 }
        select new Claim(resource, gateway.Selector, server.Index, server.Item, server.Item.Port!);

    private static bool Share(Claim one, Claim other, ImmutableSortedDictionary<string, string>[] members) =>
        LabelSelector.Matches(one.Selector, other.Selector)
        || LabelSelector.Matches(other.Selector, one.Selector)
        || members.Any(m => LabelSelector.Matches(one.Selector, m) && LabelSelector.Matches(other.Selector, m));

    private static IEnumerable<AnalysisFinding> Tell(Claim holder, Claim loser)
    {
        var port = $"port {holder.Port.Number} of the same workloads";
        yield return Finding(
            holder,
            loser,
            $"{port} is opened for {holder.Words}, which came first; {loser.Words} of {loser.Name} is left out");
        yield return Finding(
            loser,
            holder,
            $"{port} is opened for {holder.Words} of {holder.Name}, which came first; {loser.Words} is left out. Give "
                + "it another port, or another workload");
    }

    private static AnalysisFinding Finding(Claim about, Claim other, string message) => new(
        about.Resource.Key,
        new Violation(
            FieldPath.Root.At("spec").At("servers").At(about.Index).At("port"),
            message,
            ConflictCode,
            Severity.Warning,
            Resource: about.Resource.Key.ToString()),
        [.. new[] { about.Resource.Key, other.Resource.Key }.Distinct()]);

    /// <summary>A server that wants a port.</summary>
    private sealed record Claim(
        ConfigResource Resource,
        ImmutableSortedDictionary<string, string> Selector,
        int Index,
        GatewayServer Server,
        NamedPort Port)
    {
        public (int Number, string Bind) Place => (Port.Number, GatewayServers.BindOf(Server));

        public EdgeKind Kind => GatewayServers.KindOf(Port);

        public string Name => $"{Resource.Key.Namespace}/{Resource.Key.Name}";

        public string Words => $"servers[{Index}] ({Port.Protocol})";
    }
}
