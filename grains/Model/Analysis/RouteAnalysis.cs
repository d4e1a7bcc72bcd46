using System.Collections.Immutable;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Routing;
using MeshOrleans.Model.Topology;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Model.Analysis;

/// <summary>What does not fit between VirtualServices: hosts that two claim, delegates that cannot be followed.</summary>
public static class RouteAnalysis
{
    /// <summary>Istio's code for two VirtualServices of the mesh that define the same host.</summary>
    public const string ConflictCode = "IST0109";

    /// <summary>Istio's code for a resource that is named and does not exist.</summary>
    public const string MissingCode = "IST0101";

    /// <summary>A route of a delegate that lies outside of what its root hands over.</summary>
    public const string OutsideCode = "MSH2003";

    private const string MeshGateway = "mesh";

    /// <summary>Everything that is found, in the order of the resources' keys.</summary>
    /// <param name="resources">All resources of the mesh; only VirtualServices are looked at.</param>
    public static ImmutableArray<AnalysisFinding> Of(IEnumerable<ConfigResource> resources)
    {
        var services = resources.Where(r => r.Spec is VirtualService)
            .Select(r => new Claimant(r, (VirtualService)r.Spec))
            .OrderBy(c => c.Resource.Key)
            .ToList();
        return [.. Conflicts(services).Concat(Delegates(services)).OrderBy(f => f.Resource)];
    }

    private static IEnumerable<AnalysisFinding> Conflicts(List<Claimant> services)
    {
        var byHost = services.Where(c => c.IsForSidecars)
            .SelectMany(c => c.Hosts.Index(), (c, host) => (Claimant: c, Index: host.Index, Host: host.Item))
            .GroupBy(claim => claim.Host, StringComparer.Ordinal);
        foreach (var claims in byHost)
        {
            foreach (var (claimant, index, host) in claims)
            {
                var others = claims.Select(c => c.Claimant).Distinct();
                ImmutableArray<Claimant> rivals = [.. others.Where(claimant.IsRivalOf)];
                if (!rivals.IsEmpty) yield return Conflict(claimant, index, host, rivals);
            }
        }
    }

    private static AnalysisFinding Conflict(Claimant claimant, int index, string host, ImmutableArray<Claimant> rivals)
    {
        ImmutableArray<Claimant> all = [claimant, .. rivals];
        var names = string.Join(',', all.Select(c => c.Name).Order(StringComparer.Ordinal));
        var strongest = all.Order().First();
        var outcome = strongest == claimant
            ? "this one holds where it is visible"
            : $"{strongest.Name} holds where both are visible";
        return Finding(
            claimant,
            FieldPath.Root.At("spec").At("hosts").At(index),
            ConflictCode,
            Severity.Error,
            $"The VirtualServices {names} associated with mesh gateway define the same host {host}; {outcome}. Make "
                + $"them one resource, or label both {RouteMerging.Key}: \"true\"",
            [.. all.Select(c => c.Resource.Key)]);
    }

    private static List<AnalysisFinding> Delegates(List<Claimant> services)
    {
        var byKey = services.ToDictionary(c => c.Resource.Key);
        var found = new List<AnalysisFinding>();
        foreach (var root in services)
        {
            RouteDelegation.Merge(root.Spec, root.Namespace, Find, finding => found.Add(Tell(root, finding)));
        }

        return found;

        VirtualService? Find(string ns, string name) => byKey.GetValueOrDefault(KeyOf(ns, name))?.Spec;
    }

    private static AnalysisFinding Tell(Claimant root, DelegateFinding finding)
    {
        var path = FieldPath.Root.At("spec").At("http").At(finding.RootRoute).At("delegate");
        var (code, severity, text) = finding.Problem switch
        {
            DelegateProblem.Missing => (
                MissingCode, Severity.Error, $"Referenced delegate not found: \"{finding.Delegate}\""),
            DelegateProblem.NotVisible => (
                MissingCode,
                Severity.Error,
                $"Referenced delegate not found: \"{finding.Delegate}\" is not exported to namespace {root.Namespace}"),
            _ => (
                OutsideCode,
                Severity.Warning,
                $"http[{finding.DelegateRoute}] of delegate {finding.Delegate} is left out: its match is not within "
                    + "the root's"),
        };
        var parts = finding.Delegate.Split('/');
        return Finding(root, path, code, severity, text, [root.Resource.Key, KeyOf(parts[0], parts[1])]);
    }

    private static AnalysisFinding Finding(
        Claimant claimant,
        FieldPath path,
        string code,
        Severity severity,
        string text,
        ImmutableArray<ConfigKey> involved) => new(
        claimant.Resource.Key,
        new Violation(path, text, code, severity, Resource: claimant.Resource.Key.ToString()),
        involved);

    private static ConfigKey KeyOf(string ns, string name) => new(nameof(VirtualService), ns, name);

    /// <summary>A VirtualService that claims hosts; the stronger is the smaller.</summary>
    private sealed record Claimant(ConfigResource Resource, VirtualService Spec) : IComparable<Claimant>
    {
        public string Namespace => Resource.Key.Namespace;

        public string Name => $"{Namespace}/{Resource.Key.Name}";

        public bool IsForSidecars => Spec.Gateways.IsEmpty || Spec.Gateways.Contains(MeshGateway);

        public IEnumerable<string> Hosts => Spec.Hosts.Select(host => HostName.Resolve(host, Namespace));

        public int CompareTo(Claimant? other) => HostPrecedence.Compare(Resource, Spec, other!.Resource, other.Spec);

        /// <summary>Whether some client would have to choose between the two.</summary>
        public bool IsRivalOf(Claimant other) =>
            other != this
            && !(RouteMerging.IsWanted(Resource) && RouteMerging.IsWanted(other.Resource))
            && SharesAudience(other);

        private bool SharesAudience(Claimant other) =>
            (IsPublic(Spec), IsPublic(other.Spec)) is not (false, false)
            || Audience.Intersect(other.Audience, StringComparer.Ordinal).Any();

        private IEnumerable<string> Audience => Spec.ExportTo.Select(target => target == "." ? Namespace : target);

        private static bool IsPublic(VirtualService service) =>
            service.ExportTo.IsEmpty || service.ExportTo.Contains("*");
    }
}
