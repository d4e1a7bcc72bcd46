using System.Collections.Immutable;
using MeshOrleans.Grains.Subscriptions;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>How the types of one stream stand: a handful. Immutable.</summary>
/// <param name="Types">One of each type.</param>
/// <param name="Ordinal">The newest picture that this is known to hold for.</param>
internal sealed record StandingTypes(ImmutableArray<SubscriptionReport> Types, long Ordinal)
{
    /// <summary>Nothing is known yet.</summary>
    public static StandingTypes None { get; } = new([], 0);

    /// <summary>How a type stands; null when it is not subscribed.</summary>
    public SubscriptionReport? Find(string typeUrl) => Find(Types, typeUrl);

    /// <summary>The one of a type; null when there is none.</summary>
    public static SubscriptionReport? Find(ImmutableArray<SubscriptionReport> types, string typeUrl)
    {
        foreach (var type in types)
        {
            if (type.TypeUrl == typeUrl) return type;
        }

        return null;
    }

    /// <summary>Takes over what a stream's loop has seen; the same types where they stand as before.</summary>
    /// <param name="reports">What it saw, of every type that is subscribed.</param>
    /// <param name="ordinal">The picture that it looked at: a raise may have come with a later one meanwhile.</param>
    /// <param name="now">The time.</param>
    public StandingTypes With(ImmutableArray<StreamReport> reports, long ordinal, DateTimeOffset now)
    {
        ImmutableArray<SubscriptionReport>.Builder? changed = null;
        for (var i = 0; i < reports.Length; i++)
        {
            var before = Find(reports[i].TypeUrl);
            var next = Next(before, reports[i], now, isLate: ordinal < Ordinal);
            var isInPlace = changed is null && i < Types.Length && ReferenceEquals(next, Types[i]);
            if (isInPlace) continue;
            if (changed is null)
            {
                changed = ImmutableArray.CreateBuilder<SubscriptionReport>(reports.Length);
                changed.AddRange(Types, i);
            }

            changed.Add(next);
        }

        var types = changed?.MoveToImmutable() ?? Types[..reports.Length]; // less where some are no longer subscribed
        return types == Types && ordinal <= Ordinal ? this : new StandingTypes(types, Math.Max(ordinal, Ordinal));
    }

    /// <summary>The types at a later revision that changes nothing for them; null where they do not stand at the one before.</summary>
    /// <param name="from">The revision before.</param>
    /// <param name="to">The later one.</param>
    /// <param name="ordinal">The picture that has it.</param>
    public StandingTypes? Raised(long from, long to, long ordinal) => SubscriptionStep.Of(Types) != from
        ? null
        : new StandingTypes(
            [.. Types.Select(t => t.State is SubscriptionState.Synced ? t with { Revision = to } : t)], ordinal);

    /// <summary>How a type stands now: the very same object where it stands as before.</summary>
    private static SubscriptionReport Next(
        SubscriptionReport? before, StreamReport report, DateTimeOffset now, bool isLate)
    {
        var revision = RevisionOf(report, before, isLate);
        if (before is not null
            && before.State == report.State
            && before.Revision == revision
            && before.SentVersion == report.SentVersion
            && before.AckedVersion == report.AckedVersion
            && before.NackMessage == report.NackMessage)
        {
            return before;
        }

        return new SubscriptionReport(
            report.TypeUrl,
            report.State,
            report.SentVersion,
            report.AckedVersion,
            revision,
            report.NackMessage,
            before?.State == report.State ? before.Since : now);
    }

    private static long RevisionOf(StreamReport report, SubscriptionReport? before, bool isLate)
    {
        if (report.Revision is not { } seen) return before?.Revision ?? 0;
        var isRaised = isLate && before?.State is SubscriptionState.Synced && before.AckedVersion == report.AckedVersion;
        return isRaised ? before!.Revision : seen;
    }
}
