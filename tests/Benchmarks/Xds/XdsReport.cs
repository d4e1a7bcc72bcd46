using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MeshOrleans.Benchmarks.Measuring;
using static MeshOrleans.Benchmarks.Report.Lines;

namespace MeshOrleans.Benchmarks.Xds;

/// <summary>What one phase came to.</summary>
internal sealed record XdsPhase
{
    public required string Name { get; init; }

    /// <summary>How many changes were made; 1 for a sync of everything.</summary>
    public int Changes { get; init; } = 1;

    /// <summary>From the call, or the begin, to the arrival at each proxy, in milliseconds.</summary>
    public Spread? ToProxy { get; init; }

    /// <summary>From the call, or the begin, to the arrival at the last proxy concerned.</summary>
    public Spread? ToLast { get; init; }

    /// <summary>Arrivals that never came.</summary>
    public int Missing { get; init; }

    /// <summary>Bytes on the wire for one proxy and one change.</summary>
    public double BytesPerProxy { get; init; }

    /// <summary>Resources that all proxies took together.</summary>
    public long Resources { get; init; }

    /// <summary>Of those, held already in the very same version.</summary>
    public long Repeated { get; init; }

    /// <summary>Processor seconds of the control plane.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Its memory at the end of the phase, in megabytes.</summary>
    public double Megabytes { get; init; }

    /// <summary>How long the phase took, in seconds.</summary>
    public double Seconds { get; init; }
}

/// <summary>Everything that one run has measured.</summary>
internal sealed record XdsReport(
    Machine Machine,
    int Services,
    int Endpoints,
    int Proxies,
    int Namespaces,
    string Scope,
    int SlowPercent,
    int EnvoyPercent,
    double MegabytesBefore,
    ImmutableArray<XdsPhase> Phases)
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerOptions.Web) { WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(this, _json);

    /// <summary>The first thing that must not happen, however slow the machine is; null when nothing did.</summary>
    public string? WhatWentWrong() =>
        Phases.FirstOrDefault(p => p.Missing > 0) is { } phase ? $"{phase.Name}: {phase.Missing} arrivals are missing" : null;

    /// <summary>For people, at most 100 columns wide.</summary>
    public string ToTable()
    {
        var text = new StringBuilder();
        Line(text, $"commit {Machine.Commit}, {Machine.Cores} cores, {Machine.MeasuredAt:yyyy-MM-dd HH:mm}Z: {Services} services x "
            + $"{Endpoints} endpoints, {Proxies} proxies, {Namespaces} namespaces, scope {Scope}"
            + (SlowPercent > 0 ? $", {SlowPercent} % slow" : "") + (EnvoyPercent > 0 ? $", {EnvoyPercent} % Envoys" : ""));
        text.AppendLine();
        Line(text, $"{"milliseconds",-17}{"",8}{"call -> a proxy",21}{"call -> the last",21}{"bytes/",9}{"cpu",8}{"",8}");
        Line(text, $"{"phase",-17}{"changes",8}{"p50",7}{"p99",7}{"max",7}{"p50",7}{"p99",7}{"max",7}{"proxy",9}{"s",8}{"MB",6}{"s",7}");
        foreach (var phase in Phases)
        {
            Line(text, $"{phase.Name,-17}{phase.Changes,8}{Three(phase.ToProxy)}{Three(phase.ToLast)}"
                + $"{phase.BytesPerProxy,9:F0}{phase.CpuSeconds,8:F2}{phase.Megabytes,6:F0}{phase.Seconds,7:F1}");
        }

        text.AppendLine();
        Line(text, $"memory before any proxy {MegabytesBefore:F0} MB; per proxy after the first sync "
            + $"{1000 * (Phases[0].Megabytes - MegabytesBefore) / Proxies:F0} kB; sent again though held: "
            + $"{Phases.Sum(p => p.Repeated)} of {Phases.Sum(p => p.Resources)} resources");
        return text.ToString().TrimEnd();
    }

    private static string Three(Spread? spread) => spread is null
        ? $"{"-",7}{"-",7}{"-",7}"
        : $"{Short(spread.P50),7}{Short(spread.P99),7}{Short(spread.Max),7}";

    private static string Short(double value) => value.ToString(value < 1000 ? "F1" : "F0", CultureInfo.InvariantCulture);
}
