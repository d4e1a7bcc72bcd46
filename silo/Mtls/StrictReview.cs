using System.Collections.Immutable;
using System.Globalization;
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
    /// <summary>Plaintext callers would be refused.</summary>
    public const string RefusedCode = "MSH2022";

    /// <summary>Whether plaintext callers would be refused is not known.</summary>
    public const string UnknownCode = "MSH2023";

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
        [
            .. namespaces
                .SelectMany(ns => ns.Rows(before, after))
                .Where(row => row.Standing is CallerStanding.WouldBeRefused)
                .Select(row => row.For(sees))
                .GroupBy(row => (row.Then.Policy!, Path: PathOf(row)))
                .OrderBy(group => group.Key.Item1)
                .Select(group => Finding(RefusedCode, group.Key.Path, group.Key.Item1.ToString(), TextOf([.. group]))),
        ],
        [
            .. from ns in namespaces
               let turning = ns.Turning(before, after)
               let unwatched = ns.Unwatched(turning)
               where !unwatched.IsEmpty
               select Finding(
                   UnknownCode,
                   FieldPath.Root.At("spec"),
                   PolicyOf(ns, turning[0], after),
                   TextOf(ns, turning.Length, unwatched)),
        ],
        guard,
        revision);

    /// <summary>The findings as they are answered, those about resources of the change set with their lines.</summary>
    /// <param name="sources">The change set.</param>
    public IEnumerable<Violation> Placed(ImmutableArray<ManifestResource> sources)
    {
        var severity = IsRefused ? Severity.Error : Severity.Warning;
        foreach (var finding in Refused.Select(f => f with { Severity = severity }).Concat(Unknown))
        {
            var source = sources.FirstOrDefault(s => s.Resource.Key.ToString() == finding.Resource);
            yield return source?.Place(finding) ?? finding;
        }
    }

    private static Violation Finding(string code, FieldPath path, string resource, string text) =>
        new(path, text, code, Severity.Warning, Resource: resource);

    private static string PolicyOf(NamespaceCallers ns, Model.Topology.Workload member, AuthenticationTable after) =>
        NamespaceCallers.PortsOf(member).Select(port => after.Find(ns.Namespace, member.Labels, port))
            .First(found => found.Mode is MutualTlsMode.Strict).Policy!.ToString();

    private static FieldPath PathOf(CallerRow row) => row.Then.Level is AuthenticationLevel.Port
        ? FieldPath.Root.At("spec").At("portLevelMtls").At(row.Port.ToString(CultureInfo.InvariantCulture)).At("mode")
        : FieldPath.Root.At("spec").At("mtls").At("mode");

    private static string TextOf(ImmutableArray<CallerRow> rows)
    {
        var named = string.Join("; ", rows.OrderByDescending(r => r.LastSeen).Take(MaxNamed).Select(TextOf));
        var more = rows.Length > MaxNamed ? $"; and {rows.Length - MaxNamed} more" : "";
        var spaces = rows.Select(r => r.Namespace).Distinct().Order(StringComparer.Ordinal).ToList();
        var advice = rows.Any(r => r.Mode is MutualTlsMode.Disable)
            ? "; where the mode is DISABLE today, set PERMISSIVE first: callers with a sidecar then use mTLS by "
                + "themselves"
            : "";
        return $"STRICT refuses who still calls in plaintext: {named}{more} "
            + $"(meshctl mtls readiness {string.Join('|', spaces)}{advice})";
    }

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
