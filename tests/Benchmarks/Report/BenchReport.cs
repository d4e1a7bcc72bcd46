using System.Collections.Immutable;
using System.Text.Json;
using MeshOrleans.Benchmarks.Measuring;

namespace MeshOrleans.Benchmarks.Report;

/// <summary>Everything that one run has measured.</summary>
/// <param name="Machine">On what.</param>
/// <param name="Seconds">How long each phase was measured.</param>
/// <param name="Phases">Each phase, in order.</param>
/// <param name="ResidentMegabytes">Memory of each process at the end.</param>
internal sealed record BenchReport(
    Machine Machine,
    double Seconds,
    ImmutableArray<PhaseResult> Phases,
    ImmutableSortedDictionary<string, double> ResidentMegabytes)
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerOptions.Web) { WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(this, _json);

    /// <summary>The first thing that must not happen, however slow the machine is; null when nothing did.</summary>
    public string? WhatWentWrong() =>
        Phases.FirstOrDefault(p => p.Lost > 0) is { } lossy ? $"{lossy.Name}: {lossy.Lost} arrivals are missing"
        : Phases.FirstOrDefault(p => p.Failed > 0) is { } failing
            ? $"{failing.Name}: {failing.Failed} calls failed, the first with: {failing.FirstFailure}"
        : Phases.FirstOrDefault(p => p.RequestToAnswer is null) is { } idle ? $"{idle.Name}: nothing was acknowledged"
        : null;
}
