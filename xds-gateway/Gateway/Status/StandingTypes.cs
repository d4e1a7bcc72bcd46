using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>How the types of one stream stand. Immutable.</summary>
/// <param name="Types">By type URL.</param>
/// <param name="Ordinal">The newest picture that this is known to hold for.</param>
internal sealed record StandingTypes(ImmutableDictionary<string, SubscriptionReport> Types, long Ordinal)
{
    /// <summary>Nothing is known yet.</summary>
    public static StandingTypes None { get; } =
        new(ImmutableDictionary.Create<string, SubscriptionReport>(StringComparer.Ordinal), 0);

    /// <summary>Takes over what a stream's loop has seen; the same types where they stand as before.</summary>
    /// <param name="reports">What it saw, of every type that is subscribed.</param>
    /// <param name="ordinal">The picture that it looked at: a raise may have come with a later one meanwhile.</param>
    /// <param name="now">The time.</param>
    public StandingTypes With(ImmutableArray<StreamReport> reports, long ordinal, DateTimeOffset now)
    {
        var types = Types;
        foreach (var report in reports)
        {
            var before = types.GetValueOrDefault(report.TypeUrl);
            var next = new SubscriptionReport(
                report.TypeUrl,
                report.State,
                report.SentVersion,
                report.AckedVersion,
                RevisionOf(report, before, isLate: ordinal < Ordinal),
                report.NackMessage,
                before?.State == report.State ? before.Since : now);
            if (next != before) types = types.SetItem(report.TypeUrl, next);
        }

        if (types.Count > reports.Length) // some are no longer subscribed
        {
            types = types.RemoveRange(types.Keys.Except(reports.Select(r => r.TypeUrl)));
        }

        return new StandingTypes(types, Math.Max(ordinal, Ordinal));
    }

    /// <summary>The types at a later revision that changes nothing for them; null where they do not stand at the one before.</summary>
    /// <param name="from">The revision before.</param>
    /// <param name="to">The later one.</param>
    /// <param name="ordinal">The picture that has it.</param>
    public StandingTypes? Raised(long from, long to, long ordinal) => SubscriptionStep.Of(Types.Values) != from
        ? null
        : new StandingTypes(
            Types.SetItems(
                from type in Types
                where type.Value.State is SubscriptionState.Synced
                select KeyValuePair.Create(type.Key, type.Value with { Revision = to })),
            ordinal);

    private static long RevisionOf(StreamReport report, SubscriptionReport? before, bool isLate)
    {
        if (report.Revision is not { } seen) return before?.Revision ?? 0;
        var isRaised = isLate && before?.State is SubscriptionState.Synced && before.AckedVersion == report.AckedVersion;
        return isRaised ? before!.Revision : seen;
    }
}
