using System.Collections.Immutable;
using MeshOrleans.Benchmarks.Load;

namespace MeshOrleans.Benchmarks.Measuring;

/// <summary>What one phase came to.</summary>
internal sealed record PhaseResult
{
    public required string Name { get; init; }

    /// <summary>Changes per second that were asked for; null where as many as possible were.</summary>
    public int? Asked { get; init; }

    /// <summary>Changes per second that were acknowledged.</summary>
    public required double PerSecond { get; init; }

    /// <summary>From the call to its answer: what was asked is saved.</summary>
    public required Spread? RequestToAnswer { get; init; }

    /// <summary>From the call to the arrival at a follower; null where nobody follows.</summary>
    public required Spread? RequestToFollower { get; init; }

    /// <summary>
    /// From the answer to the arrival at a follower; zero where the follower was first. Null where nobody follows.
    /// </summary>
    public required Spread? AnswerToFollower { get; init; }

    /// <summary>Arrivals that never came, of changes that were acknowledged.</summary>
    public required long Lost { get; init; }

    /// <summary>Calls that failed.</summary>
    public required int Failed { get; init; }

    /// <summary>Why the first did.</summary>
    public required string? FirstFailure { get; init; }

    /// <summary>Processor seconds of each process while it was measured.</summary>
    public required ImmutableSortedDictionary<string, double> CpuSeconds { get; init; }

    /// <summary>Processor milliseconds of silos and PostgreSQL for one change.</summary>
    public required double CpuPerChange { get; init; }

    /// <summary>The machine's load average at the end.</summary>
    public required double LoadAverage { get; init; }

    /// <summary>Whether an open loop got what it asked for.</summary>
    public bool IsKept => Asked is null || PerSecond >= 0.95 * Asked;

    /// <summary>Adds up what happened between two times.</summary>
    public static PhaseResult From(
        Phase phase, ChangeLedger ledger, (long Begin, long End) window, TimeProvider clock, long lost,
        ImmutableSortedDictionary<string, double> cpu)
    {
        var answered = ledger.Changes.Count(c => c.CommittedAt >= window.Begin && c.CommittedAt < window.End);
        var asked = ledger.Changes
            .Where(c => c.CommittedAt is not null && c.RequestedAt >= window.Begin && c.RequestedAt < window.End)
            .ToArray();
        var arrivals = asked.SelectMany(c => c.ArrivedAt.Where(a => a != 0).Select(a => (Change: c, At: a))).ToArray();
        var used = cpu.Where(c => c.Key != ProcessUsage.LoadName).Sum(c => c.Value);
        return new PhaseResult
        {
            Name = phase.Name,
            Asked = phase.PerSecond,
            PerSecond = Math.Round(answered / clock.GetElapsedTime(window.Begin, window.End).TotalSeconds, 1),
            RequestToAnswer = Spread.Of(asked.Select(c => clock.GetElapsedTime(c.RequestedAt, c.CommittedAt!.Value))),
            RequestToFollower = Spread.Of(arrivals.Select(a => clock.GetElapsedTime(a.Change.RequestedAt, a.At))),
            AnswerToFollower = Spread.Of(arrivals.Select(a =>
                clock.GetElapsedTime(a.Change.CommittedAt!.Value, Math.Max(a.At, a.Change.CommittedAt.Value)))),
            Lost = lost,
            Failed = ledger.Failures,
            FirstFailure = ledger.FirstFailure,
            CpuSeconds = cpu,
            CpuPerChange = answered == 0 ? 0 : Math.Round(1000 * used / answered, 3),
            LoadAverage = Machine.LoadAverage(),
        };
    }
}
