using System.Collections.Immutable;
using System.Globalization;
using MeshOrleans.Model.Analysis;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.Manifests;
using MeshOrleans.Model.Validation;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Silo.Mtls;

/// <summary>Whom a change of the configuration would refuse, and of whom it is not known. Pure.</summary>
/// <param name="Refused">
/// The callers that were seen in plaintext and would be refused, a finding for each policy.
/// </param>
/// <param name="Unknown">
/// The members that begin to demand mesh mTLS and tell of no callers, a finding for each namespace.
/// </param>
/// <param name="Guard">What the configuration, as it would be, says of such changes.</param>
/// <param name="Revision">The revision that was looked at, or an earlier one.</param>
internal sealed record StrictReview(
    ImmutableArray<Violation> Refused, ImmutableArray<Violation> Unknown, StrictGuard Guard, long Revision)
{
    private const int MaxNamed = 10;

    /// <summary>The change has nothing to do with mesh mTLS.</summary>
    public static StrictReview Nothing { get; } = new([], [], StrictGuard.Warn, 0);

    /// <summary>Whether the change must not be made.</summary>
    public bool IsRefused => Guard is StrictGuard.Refuse && !Refused.IsEmpty;

    /// <summary>
    /// Whether the change must not meet another configuration than the one by which it was judged: two changes that are
    /// harmless each by itself need not be so together.
    /// </summary>
    public bool IsBound => Guard is StrictGuard.Refuse;

    /// <summary>Judges a change.</summary>
    /// <param name="namespaces">What is known of the callers of the namespaces that it may concern.</param>
    /// <param name="before">What ports demand today.</param>
    /// <param name="after">What they would demand.</param>
    /// <param name="guard">What the configuration says of such changes.</param>
    /// <param name="revision">The revision that was looked at.</param>
    /// <param name="sees">Whether whoever asks may know what there is in a namespace.</param>
    public static StrictReview Of(
        ImmutableArray<NamespaceCallers> namespaces,
        AuthenticationTable before,
        AuthenticationTable after,
        StrictGuard guard,
        long revision,
        Func<string, bool> sees) => new(
        Refusing(
            namespaces.SelectMany(ns => ns.Rows(before, after))
                .Where(row => row.Standing is CallerStanding.WouldBeRefused)
                .Select(row => row.For(sees)),
            TextOf),
        [
            .. from ns in namespaces
               let turning = ns.Turning(before, after)
               let unwatched = ns.Unwatched(turning)
               where !unwatched.IsEmpty
               select Finding(
                   AnalysisCode.PlaintextCallersUnknown,
                   FieldPath.Root.At("spec"),
                   PolicyOf(ns, turning[0], after),
                   TextOf(ns, turning.Length, unwatched)),
        ],
        guard,
        revision);

    /// <summary>
    /// Whom the ports refuse that demand mesh mTLS as it is, a finding for each policy: who came since, and who had come
    /// before and finds the port shut, whether a policy or the workload's labels have changed.
    /// </summary>
    /// <param name="namespaces">What is known of the callers.</param>
    /// <param name="today">What ports demand.</param>
    /// <param name="after">What they would demand; who is let in by that is no finding.</param>
    public static ImmutableArray<Violation> InForce(
        ImmutableArray<NamespaceCallers> namespaces, AuthenticationTable today, AuthenticationTable after) => Refusing(
        namespaces.SelectMany(ns => ns.Rows(today, after))
            .Where(row => row.Standing is CallerStanding.Refused && row.Then.Mode is MutualTlsMode.Strict),
        TextInForce);

    /// <summary>That what was seen cannot be read, as a finding.</summary>
    /// <param name="resource">What changes; empty where nothing does.</param>
    public static Violation NotRead(string resource) => Finding(
        AnalysisCode.PlaintextCallersUnknown,
        FieldPath.Root.At("spec"),
        resource,
        "whether STRICT refuses somebody is not known: what was seen of plaintext callers cannot be read");

    /// <summary>The findings, those about who would be refused as bad as the guard makes them.</summary>
    public IEnumerable<Violation> Findings =>
        Refused.Select(f => f with { Severity = IsRefused ? Severity.Error : Severity.Warning }).Concat(Unknown);

    /// <summary>The findings as they are answered, those about resources of the change set with their lines.</summary>
    /// <param name="sources">The change set.</param>
    public IEnumerable<Violation> Placed(ImmutableArray<ManifestResource> sources)
    {
        foreach (var finding in Findings)
        {
            var source = sources.FirstOrDefault(s => s.Resource.Key.ToString() == finding.Resource);
            yield return source?.Place(finding) ?? finding;
        }
    }

    private static ImmutableArray<Violation> Refusing(
        IEnumerable<CallerRow> rows, Func<ImmutableArray<CallerRow>, string> textOf) =>
    [
        .. rows.GroupBy(row => (Policy: row.Then.Policy!, Path: PathOf(row)))
            .OrderBy(group => group.Key.Policy)
            .Select(group => Finding(
                AnalysisCode.PlaintextCallersRefused,
                group.Key.Path,
                group.Key.Policy.ToString(),
                textOf([.. group]))),
    ];

    private static Violation Finding(AnalysisCode code, FieldPath path, string resource, string text) =>
        new(path, text, code.Code, code.Severity, Resource: resource);

    private static string PolicyOf(NamespaceCallers ns, Model.Topology.Workload member, AuthenticationTable after) =>
        NamespaceCallers.PortsOf(member).Select(port => after.Find(ns.Namespace, member.Labels, port))
            .First(found => found.Mode is MutualTlsMode.Strict).Policy!.ToString();

    private static FieldPath PathOf(CallerRow row) => row.Then.Level is AuthenticationLevel.Port
        ? FieldPath.Root.At("spec").At("portLevelMtls").At(row.Port.ToString(CultureInfo.InvariantCulture)).At("mode")
        : FieldPath.Root.At("spec").At("mtls").At("mode");

    private static string TextOf(ImmutableArray<CallerRow> rows)
    {
        var advice = rows.Any(r => r.Mode is MutualTlsMode.Disable)
            ? "; where the mode is DISABLE today, set PERMISSIVE first: callers with a sidecar then use mTLS by "
                + "themselves"
            : "";
        return $"STRICT refuses who still calls in plaintext: {NamesOf(rows)} "
            + $"(meshctl mtls readiness {SpacesOf(rows)}{advice})";
    }

    private static string TextInForce(ImmutableArray<CallerRow> rows) =>
        $"STRICT is in force, and refuses who was seen in plaintext: {NamesOf(rows)} (meshctl mtls readiness "
        + $"{SpacesOf(rows)}; meshctl mtls forget, for who has been taken care of)";

    private static string NamesOf(ImmutableArray<CallerRow> rows)
    {
        var named = string.Join("; ", rows.OrderByDescending(r => r.LastSeen).Take(MaxNamed).Select(TextOf));
        return rows.Length > MaxNamed ? $"{named}; and {rows.Length - MaxNamed} more" : named;
    }

    private static string SpacesOf(ImmutableArray<CallerRow> rows) =>
        string.Join('|', rows.Select(r => r.Namespace).Distinct().Order(StringComparer.Ordinal));

    private static string TextOf(CallerRow row)
    {
        var who = row.Members switch
        {
            [] => row.Address,
            [var one] => $"{row.Address} ({one})",
            [var first, ..] => $"{row.Address} ({first} or {row.Members.Count - 1} others)",
        };
        var when = row.Open > 0
            ? "connected now"
            : $"last at {row.LastSeen.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)}";
        return $"{who} calls {row.Namespace}/{row.Workload} port {row.Port}, {when}";
    }

    private static string TextOf(NamespaceCallers ns, int turning, ImmutableArray<UnwatchedMember> unwatched)
    {
        var named = string.Join(
            "; ", unwatched.Take(MaxNamed).Select(m => $"{ns.Namespace}/{m.Workload} ({m.Reason})"));
        var more = unwatched.Length > MaxNamed ? $"; and {unwatched.Length - MaxNamed} more" : "";
        return $"whether STRICT refuses callers of {unwatched.Length} of {turning} workloads is not known: "
            + $"{named}{more}";
    }
}
