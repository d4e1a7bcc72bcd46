using System.Collections.Immutable;
using MeshOrleans.Grains.Callers;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Silo.Mtls;

/// <summary>
/// All that is known of who calls the workloads of a namespace without mesh mTLS, and of who could know more. Pure.
/// </summary>
internal sealed class NamespaceCallers
{
    private const string GatewayPrefix = "router~";

    private readonly ImmutableArray<CallerReport> _reports;
    private readonly HashSet<ProxyKey> _watching;
    private readonly HashSet<(string Member, string ServiceAccount)> _watched;
    private readonly ILookup<string, ProxyView> _proxies; // those that are connected, by address
    private readonly ILookup<string, Workload> _members; // by address
    private readonly DateTimeOffset _now;

    /// <param name="ns">The namespace.</param>
    /// <param name="reports">What its sidecars have seen.</param>
    /// <param name="proxies">The proxies of the namespace, as they really stand.</param>
    /// <param name="members">The members of the whole mesh, by address.</param>
    /// <param name="now">The time.</param>
    public NamespaceCallers(
        string ns,
        ImmutableArray<CallerReport> reports,
        IEnumerable<ProxyView> proxies,
        ILookup<string, Workload> members,
        DateTimeOffset now)
    {
        (Namespace, _reports, _members, _now) = (ns, reports, members, now);
        var connected = proxies
            .Where(p => p.Connected && !p.NodeId.StartsWith(GatewayPrefix, StringComparison.Ordinal)).ToList();
        _proxies = connected.ToLookup(p => p.Connection.Address, StringComparer.Ordinal);

        // Who has told something on the stream that is open now will tell whatever comes. Which stream that was is
        // known by when it opened: what else was told when is by clocks of others.
        var opened = connected
            .GroupBy(p => new ProxyKey(p.Connection.SpiffeId, p.NodeId), p => p.Since).ToDictionary(of => of.Key, of => of.Max());
        var watching = reports
            .Where(r => opened.TryGetValue(r.Proxy, out var at) && (r.OpenedAt == at || r.HeardAt >= at)).ToList();
        _watching = [.. watching.Select(r => r.Proxy)];
        _watched = [.. watching.Select(r => (r.Workload, AccountOf(r.SpiffeId)))];
        WatchedSince = watching.Count == 0 ? null : watching.Max(r => r.WatchesSince);
        var own = members.SelectMany(m => m).Where(m => m.Namespace == ns).ToList();
        Enforcing = [.. own.Where(m => m.HasSidecar || _proxies[m.Address].Any())];
        WithoutSidecar = own.Count - Enforcing.Length;
    }

    public string Namespace { get; }

    /// <summary>The members on whose part somebody enforces what policies demand.</summary>
    public ImmutableArray<Workload> Enforcing { get; }

    /// <summary>How many members have nobody who keeps plaintext from them, whatever policies say.</summary>
    public int WithoutSidecar { get; }

    /// <summary>
    /// Since when all sidecars that are watching have been: the start of the youngest; null when there is none.
    /// </summary>
    public DateTimeOffset? WatchedSince { get; }

    /// <summary>How many sidecars have seen as many callers as are remembered of one: there may have been more.</summary>
    public int Crowded => _reports.Count(r => r.Callers.Length >= SeenCaller.MaxOfSidecar);

    /// <summary>The callers that were seen, and what a change of the configuration means for each.</summary>
    /// <param name="before">The configuration as it is.</param>
    /// <param name="after">The configuration as it would be.</param>
    public ImmutableArray<CallerRow> Rows(AuthenticationTable before, AuthenticationTable after)
    {
        var rows =
            from report in _reports
            let labels = report.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal)
            from caller in report.Callers
            select RowOf(report, caller, _watching.Contains(report.Proxy), labels, before, after);
        return
        [
            .. rows.GroupBy(r => (r.Workload, r.Port, r.Address, r.Mode, r.Then, r.Standing)).Select(Together)
                .OrderBy(r => r.Standing).ThenByDescending(r => r.LastSeen)
                .ThenBy(r => r.Workload, StringComparer.Ordinal).ThenBy(r => r.Port)
                .ThenBy(r => r.Address, StringComparer.Ordinal),
        ];
    }

    /// <summary>Members with a port that begins to demand mesh mTLS.</summary>
    public ImmutableArray<Workload> Turning(AuthenticationTable before, AuthenticationTable after) =>
    [
        .. Enforcing.Where(m => PortsOf(m).Any(port =>
            before.Find(Namespace, m.Labels, port).Mode is not MutualTlsMode.Strict
            && after.Find(Namespace, m.Labels, port).Mode is MutualTlsMode.Strict)),
    ];

    /// <summary>Members with a port of which a policy that stands nearer says that it takes plaintext.</summary>
    /// <param name="after">The configuration as it would be.</param>
    public ImmutableArray<Workload> Exempt(AuthenticationTable after) =>
    [
        .. Enforcing.Where(m => PortsOf(m).Any(
            port => after.Find(Namespace, m.Labels, port).Mode is not MutualTlsMode.Strict)),
    ];

    /// <summary>The ports of a member; one that stands for all where none is known.</summary>
    public static IEnumerable<int> PortsOf(Workload member) =>
        member.Ports.Values.Union(member.InboundPorts.Keys).DefaultIfEmpty();

    /// <summary>Of some members those of whose callers nothing new would be known now, and why.</summary>
    public ImmutableArray<UnwatchedMember> Unwatched(ImmutableArray<Workload> some) =>
    [
        .. some.Where(m => !_watched.Contains((m.Name, m.ServiceAccount)))
            .Select(m => new UnwatchedMember(m.Name, ReasonOf(m)))
            .OrderBy(m => m.Workload, StringComparer.Ordinal),
    ];

    private static string AccountOf(string spiffeId) =>
        SpiffeId.TryParse(spiffeId, out var id) && id.ServiceAccount is { } account ? account : "";

    private string ReasonOf(Workload member)
    {
        if (_proxies[member.Address].FirstOrDefault() is not { } proxy) return "its sidecar is not connected";
        var who = proxy.Connection.UserAgent is { Length: > 0 } agent ? $"its proxy ({agent})" : "its proxy";
        return proxy.Connection.SpiffeId.Length == 0
            ? $"{who} has not proved who it is"
            : $"{who} does not tell, or has not told yet";
    }

    private CallerRow RowOf(
        CallerReport report,
        SeenCaller caller,
        bool isWatching,
        ImmutableSortedDictionary<string, string> labels,
        AuthenticationTable before,
        AuthenticationTable after)
    {
        var mode = before.Find(Namespace, labels, caller.Port).Mode;
        var then = after.Find(Namespace, labels, caller.Port);
        var open = isWatching ? caller.Open : 0;
        return new CallerRow
        {
            Namespace = Namespace,
            Workload = NameOf(report),
            Port = caller.Port,
            Address = caller.Address,
            Members =
                [.. _members[caller.Address].Select(m => $"{m.Namespace}/{m.Name}").Order(StringComparer.Ordinal)],
            IsTls = caller.IsTls,
            Connections = caller.Connections,
            Open = open,
            FirstSeen = caller.FirstSeen,
            LastSeen = open > 0 ? _now : caller.LastSeen,
            Mode = mode,
            Then = then,
            Standing = mode is MutualTlsMode.Strict ? CallerStanding.Refused
                : then.Mode is not MutualTlsMode.Strict ? CallerStanding.Exempt
                : IsOutdated(caller, mode) ? CallerStanding.Outdated
                : CallerStanding.WouldBeRefused,
        };
    }

    private static string NameOf(CallerReport report) =>
        report.Group.Length > 0 ? report.Group : report.Workload.Length > 0 ? report.Workload : report.NodeId;

    private bool IsOutdated(SeenCaller caller, MutualTlsMode mode) =>
        caller.Demand is CallerDemand.Disable
        && mode is not MutualTlsMode.Disable
        && _members[caller.Address].Any()
        && _members[caller.Address].All(m => m.HasSidecar);

    private static CallerRow Together(IEnumerable<CallerRow> rows)
    {
        var all = rows.OrderByDescending(r => r.LastSeen).ToList();
        return all[0] with
        {
            Connections = all.Sum(r => r.Connections),
            Open = all.Sum(r => r.Open),
            FirstSeen = all.Min(r => r.FirstSeen),
        };
    }
}

/// <summary>A member of whose callers nothing is known.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="Reason">Why, as half a sentence.</param>
internal sealed record UnwatchedMember(string Workload, string Reason);
