using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation;
using MeshOrleans.Xds.Translation.Checks;
using MeshOrleans.Xds.Translation.Index;
using MeshOrleans.Xds.Translation.Resources;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Tests.Translation;

/// <summary>What holds for every mesh that scopes automatically, whatever a workload uses of it.</summary>
public sealed class AutoScopeLawsTests
{
    private static readonly string[] Hosts =
    [
        "a.app.svc.cluster.local", "b.app.svc.cluster.local", "a.other.svc.cluster.local", "b.other.svc.cluster.local",
        "x.ext", "*.ext", "a", "b.app", "only.example", "*.example", "x.y.example", "none.example", "wide.net", "narrow.net",
    ];

    private static readonly int[] TablePorts = [80, 9080, 7000];

    [Fact]
    public void What_is_told_is_a_part_of_the_whole_and_the_same_in_it() =>
        Prop.ForAll(Cases(), of =>
        {
            var (whole, part) = (Translate(of, used: null), Translate(of, of.Used));
            var faults = ReferenceCheck.Violations(part).ToList();
            foreach (var (all, some) in whole.Groups.Zip(part.Groups))
            {
                foreach (var resource in some.Resources)
                {
                    if (resource.Name == "virtualOutbound" || some.TypeUrl == TypeUrls.RouteConfiguration) continue;
                    if (all.Find(resource.Name) != resource) faults.Add($"{resource.Name} is not that of the whole");
                }
            }

            foreach (var table in Tables(part).Values)
            {
                foreach (var host in table.VirtualHosts.Where(h => h.Name != OnDemand.Name))
                {
                    var others = Tables(whole)[table.Name].VirtualHosts;
                    if (!others.Contains(host)) faults.Add($"{host.Name} in {table.Name} is not that of the whole");
                }
            }

            return (faults.Count == 0).Label(string.Join('\n', faults));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_name_leads_where_the_whole_leads_it_or_to_the_question() =>
        Prop.ForAll(Cases(), of =>
        {
            var (whole, part) = (Translate(of, used: null), Translate(of, of.Used));
            var faults = new List<string>();
            foreach (var (name, port) in Calls(whole))
            {
                var (wanted, found) = (HostOf(whole, name, port), HostOf(part, name, port));
                var host = AutoScope.FindHost(MeshIndex.Of(of.Snapshot), "app", name, port);
                if (found != OnDemand.Name && found != wanted) faults.Add($"{name}:{port} leads to {found}, not {wanted}");
                if (wanted == "allow_any") continue;
                if ($"{host}:{port}" != wanted) faults.Add($"{name}:{port} is found at {host}, not {wanted}");
                var next = Translate(of, of.Used.Add(host ?? ""));
                if (HostOf(next, name, port) != wanted) faults.Add($"{name}:{port} leads not to {wanted} after it was asked for");
            }

            return (faults.Count == 0).Label(string.Join('\n', faults));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_name_that_the_whole_does_not_know_is_not_found() =>
        Prop.ForAll(Cases(), of =>
        {
            var whole = Translate(of, used: null);
            var faults = (from name in (string[])[.. Hosts, "c", "c.app", "c.app.svc", "10.9.9.9", "z.z.ext", "q.x.y.example"]
                          from port in TablePorts
                          where HostOf(whole, name, port) == "allow_any"
                          let found = AutoScope.FindHost(MeshIndex.Of(of.Snapshot), "app", name, port)
                          where found is not null && HostOf(Translate(of, [found]), name, port) != OnDemand.Name
                          select $"{name}:{port} is found at {found}").ToList();
            return (faults.Count == 0).Label(string.Join('\n', faults));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Going_on_from_before_gives_what_a_translation_from_scratch_gives() =>
        Prop.ForAll(Cases(), Gen.Choose(1, 4).ListOf(5).ToArbitrary(), (of, weights) =>
        {
            var scope = Scope(of.Used);
            var (snapshot, index) = (of.Snapshot, MeshIndex.Of(of.Snapshot));
            var translation = ScopeTranslation.Of(index, scope);
            var isFine = true;
            foreach (var (i, weight) in weights.Index())
            {
                var (key, payload) = i % 2 == 0 ? NewMember(weight) : NewRoute(weight);
                snapshot = snapshot.Put(key, payload);
                index = index.After(snapshot, MeshChange.Of(key));
                translation = translation.After(index);
                var scratch = SnapshotTranslator.Translate(new TranslationInput(snapshot with { }, scope));
                isFine &= scratch.Groups.Select(g => g.VersionInfo)
                    .SequenceEqual(translation.Resources.Groups.Select(g => g.VersionInfo));
            }

            return isFine;
        }).QuickCheckThrowOnFailure();

    private static (string Key, string Payload) NewMember(int number) => (
        $"{SnapshotKey.Workload}app/b-{number}",
        SnapshotPayload.Write(TestMesh.Workload("app", $"b-{number}", $"10.0.1.{number}", $"app=b,version=v{number % 2}")));

    private static (string Key, string Payload) NewRoute(int weight)
    {
        var resource = TestMesh.Of(
            Route("app", "a", ["a.app.svc.cluster.local"], weight % 2 == 0 ? "b" : "x.ext"), []).Snapshot.Config.Values.Single();
        return ($"{SnapshotKey.Config}{resource.Key}", Model.Config.ConfigJson.Write(resource));
    }

    private static ProxyScope Scope(ImmutableSortedSet<string>? used) =>
        TestMesh.Scope("app", "app=a,version=v1") with { Used = used };

    private static ResourceSet Translate(Case of, ImmutableSortedSet<string>? used) =>
        SnapshotTranslator.Translate(new TranslationInput(of.Snapshot, Scope(used)));

    private static Dictionary<string, RouteConfiguration> Tables(ResourceSet set) =>
        set.Routes.Resources.Select(r => r.ToAny().Unpack<RouteConfiguration>()).ToDictionary(t => t.Name);

    /// <summary>Every name that the whole has a virtual host for, and some below its wildcards.</summary>
    private static IEnumerable<(string Name, int Port)> Calls(ResourceSet whole) =>
        from table in Tables(whole).Values
        let port = int.Parse(table.Name, System.Globalization.CultureInfo.InvariantCulture)
        from domain in table.VirtualHosts.SelectMany(h => h.Domains)
        where domain != "*" && !domain.EndsWith($":{port}", StringComparison.Ordinal) && !domain.EndsWith('.')
        from name in domain.StartsWith('*') ? (string[])[$"q{domain[1..]}", $"q.r{domain[1..]}"]
            : domain.Contains('/') ? ["10.9.9.1", "10.9.9.77", "10.9.1.1", "[2001:db8::77]"]
            : [domain]
        select (name, port);

    /// <summary>The virtual host that a sidecar picks; without a table, that of everything else.</summary>
    private static string HostOf(ResourceSet set, string name, int port)
    {
        var isOnDemand = !Tables(set)["80"].VirtualHosts.Any(h => h.Name == "allow_any");
        if (!Tables(set).TryGetValue($"{port}", out var table)) return isOnDemand ? OnDemand.Name : "allow_any";
        var model = new RouteTableModel(
            table.Name, [.. table.VirtualHosts.Select(h => new VirtualHostModel(h.Name, [.. h.Domains], []))]);
        return model.FindHost(name)!.Name;
    }

    private static Arbitrary<Case> Cases()
    {
        var gen =
            from services in Gen.SubListOf(Services())
            from entries in Gen.SubListOf(Entries())
            from routes in Gen.SubListOf(Routes())
            from used in Gen.SubListOf(Hosts)
            select new Case([.. services, .. entries, .. routes], [.. used]);
        return gen.ToArbitrary();
    }

    private static IEnumerable<string> Services() =>
    [
        Service("app", "a", "clusterIP: 10.9.9.1", 80), Service("app", "b", "clusterIP: 10.9.9.2", 80, 9080),
        Service("other", "a", "clusterIP: None", 80), Service("other", "b", "clusterIP: 10.9.9.1", 9080, 7000),
    ];

    private static IEnumerable<string> Entries() =>
    [
        Entry("app", "x", "x.ext", 80), Entry("other", "wild", "*.ext", 80), Entry("other", "short", "a", 80),
        Entry("other", "dotted", "b.app", 9080), Entry("app", "far", "q.a.other", 80),
        Entry("app", "wide", "wide.net", 80, "10.9.0.0/16, 2001:db8::/32"), Entry("other", "narrow", "narrow.net", 80, "10.9.9.0/24"),
    ];

    private static IEnumerable<string> Routes() =>
    [
        Route("app", "a", ["a.app.svc.cluster.local"], "b"), Route("app", "only", ["only.example"], "a"),
        Route("other", "wild", ["*.example"], "b"), Route("app", "deep", ["x.y.example"], "x.ext"),
        Route("app", "ext", ["*.ext"], "b"), Route("app", "all", ["*.svc.cluster.local"], "only.example"),
    ];

    private static string Service(string ns, string name, string address, params int[] ports) => $$"""
        { kind: Service, apiVersion: v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { {{address}}, selector: { app: {{name}} }, ports: [ {{string.Join(", ", ports.Select(p => $"{{ port: {p}, name: http-{p}, targetPort: 8080 }}"))}}, { port: 9000, name: tcp } ] } }
        """;

    private static string Entry(string ns, string name, string host, int port, string addresses = "") => $$"""
        { kind: ServiceEntry, apiVersion: networking.istio.io/v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { hosts: [ "{{host}}" ], addresses: [ {{string.Join(", ", addresses.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(a => $"\"{a}\""))}} ], resolution: {{(host.StartsWith('*') ? "NONE" : "STATIC")}}, ports: [ { number: {{port}}, name: http, protocol: HTTP } ] } }
        """;

    private static string Route(string ns, string name, string[] hosts, string to, int weight = 1) => $$"""
        { kind: VirtualService, apiVersion: networking.istio.io/v1, metadata: { name: {{name}}, namespace: {{ns}} },
          spec: { hosts: [ {{string.Join(", ", hosts.Select(h => $"\"{h}\""))}} ], http: [ { route: [ { destination: { host: {{to}} }, weight: {{weight}} } ],
            mirror: { host: x.ext } } ] } }
        """;

    /// <summary>A mesh, and what a workload of its namespace app uses.</summary>
    private sealed record Case(string[] Resources, ImmutableSortedSet<string> Used)
    {
        private const string On = "{ kind: MeshConfig, apiVersion: mesh.orleans.io/v1, "
            + "metadata: { name: default, namespace: istio-system }, spec: { autoScope: true } }";

        private readonly Lazy<MeshSnapshot> _snapshot = new(() =>
            TestMesh.Of(string.Join("\n---\n", Resources.Append(On)), TestMesh.Workloads).Snapshot);

        public MeshSnapshot Snapshot => _snapshot.Value;

        public override string ToString() => $"used: {string.Join(", ", Used)}\n{string.Join('\n', Resources)}";
    }
}
