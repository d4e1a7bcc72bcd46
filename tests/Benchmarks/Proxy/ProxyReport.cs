using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MeshOrleans.Benchmarks.Measuring;
using static MeshOrleans.Benchmarks.Report.Lines;

namespace MeshOrleans.Benchmarks.Proxy;

/// <summary>Everything that one run has measured.</summary>
internal sealed record ProxyReport(
    Machine Machine, int Rounds, double Seconds, int Rate, int Connections, string Protocol, ImmutableArray<PairResult> Pairs)
{
    private const string Yardstick = "nginx";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerOptions.Web)
    {
        WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public string ToJson() => JsonSerializer.Serialize(this, _json);

    /// <summary>The first thing that must not happen, however slow the machine is; null when nothing did.</summary>
    public string? WhatWentWrong() => Pairs.FirstOrDefault(p => p.Failed > 0) is { } pair
        ? $"{pair.Pair}: {pair.Failed} requests had no right answer"
        : null;

    /// <summary>For people, at most 100 columns wide.</summary>
    public string ToTable()
    {
        var text = new StringBuilder();
        Line(text, Text($"commit {Machine.Commit}, {Machine.Cores} cores, {Machine.MeasuredAt:yyyy-MM-dd HH:mm}Z: {Rounds} rounds ")
            + Text($"of {Seconds:F0} s, {Connections} connections of {Protocol}, paced at {Rate}/s; cpu and MB of both proxies"));
        text.AppendLine();
        Line(text, $"{"",-12}{"saturated",32}{"paced",33}");
        Line(text, $"{"pair",-12}{"per s",9}{"p99 ms",9}{"cpu us",8}{"x ngx",6}{"p50 us",9}{"p99 us",9}{"cpu us",9}{"x ngx",6}"
            + $"{"bytes",8}{"MB",9}{"start ms",9}");
        var yardstick = Pairs.FirstOrDefault(p => p.Pair == Yardstick);
        foreach (var pair in Pairs)
        {
            var megabytes = Text($"{pair.IdleMegabytes:F0}/{pair.LoadedMegabytes:F0}");
            Line(text, Text($"{pair.Pair,-12}{pair.SaturatedPerSecond,9:F0}{pair.SaturatedP99,9:F1}{pair.SaturatedCpu,8:F1}")
                + Text($"{Ratio(pair, p => p.SaturatedCpu),6}{1000 * pair.PacedP50,9:F0}{1000 * pair.PacedP99,9:F0}")
                + Text($"{pair.PacedCpu,9:F0}{Ratio(pair, p => p.PacedCpu),6}{Or(pair.PacedBytes),8}")
                + $"{megabytes,9}{Or(pair.StartMilliseconds),9}");
        }

        return text.ToString().TrimEnd();

        string Ratio(PairResult pair, Func<PairResult, double> figure) =>
            yardstick is null || figure(yardstick) <= 0
                ? "-"
                : (figure(pair) / figure(yardstick)).ToString("F2", CultureInfo.InvariantCulture);
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static string Or(double? value) => value?.ToString("F0", CultureInfo.InvariantCulture) ?? "-";
}
