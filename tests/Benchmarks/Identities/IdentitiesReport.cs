using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using MeshOrleans.Benchmarks.Measuring;
using static MeshOrleans.Benchmarks.Report.Lines;

namespace MeshOrleans.Benchmarks.Identities;

/// <summary>What one phase came to.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Seconds">How long it took, until the last node.</param>
/// <param name="CpuSeconds">Processor seconds of the control plane.</param>
/// <param name="Megabytes">Its memory at the end.</param>
internal sealed record IdentitiesPhase(string Name, double Seconds, double CpuSeconds, double Megabytes);

/// <summary>Everything that one run has measured.</summary>
/// <param name="Machine">On what.</param>
/// <param name="Nodes">How many nodes there were.</param>
/// <param name="SpreadSeconds">Over how long the control plane spread the rotation.</param>
/// <param name="Call">How long the call took that asks for it, in milliseconds.</param>
/// <param name="Replaced">From that call to the next certificate at each node.</param>
/// <param name="Missing">Nodes that did not get one.</param>
/// <param name="OutOfDate">Certificates that the control plane still calls due afterwards.</param>
/// <param name="Kept">Nodes that the control plane still lists with the serial of before.</param>
/// <param name="Phases">The phases in order.</param>
internal sealed record IdentitiesReport(
    Machine Machine,
    int Nodes,
    double SpreadSeconds,
    double Call,
    Spread? Replaced,
    int Missing,
    int OutOfDate,
    int Kept,
    ImmutableArray<IdentitiesPhase> Phases)
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerOptions.Web) { WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(this, _json);

    /// <summary>The first thing that must not happen, however slow the machine is; null when nothing did.</summary>
    public string? WhatWentWrong() =>
        Missing > 0 ? $"{Missing} nodes have no new certificate"
        : Kept > 0 ? $"{Kept} nodes are listed with the certificate of before"
        : OutOfDate > 0 ? $"{OutOfDate} certificates are still due"
        : null;

    /// <summary>For people, at most 100 columns wide.</summary>
    public string ToTable()
    {
        var text = new StringBuilder();
        Line(text, $"commit {Machine.Commit}, {Machine.Cores} cores, {Machine.MeasuredAt:yyyy-MM-dd HH:mm}Z: {Nodes} nodes, each an identity");
        text.AppendLine();
        Line(text, $"{"phase",-24}{"s",8}{"cpu s",9}{"MB",7}");
        foreach (var phase in Phases)
        {
            Line(text, $"{phase.Name,-24}{phase.Seconds,8:F1}{phase.CpuSeconds,9:F2}{phase.Megabytes,7:F0}");
        }

        text.AppendLine();
        Line(text, $"the call {Call:F0} ms; spread over {SpreadSeconds:F0} s; from the call to the next certificate: "
            + (Replaced is { } r ? $"p50 {r.P50 / 1000:F1} s, p99 {r.P99 / 1000:F1} s, last {r.Max / 1000:F1} s" : "none came"));
        Line(text, $"without one: {Missing}; still due: {OutOfDate}; listed as before: {Kept}");
        return text.ToString().TrimEnd();
    }
}
