using System.Globalization;
using System.Text;
using MeshOrleans.Benchmarks.Measuring;
using static MeshOrleans.Benchmarks.Report.Lines;

namespace MeshOrleans.Benchmarks.Report;

/// <summary>A report for people, at most 100 columns wide.</summary>
internal static class ReportTable
{
    private const int NameWidth = 21;

    public static string Write(BenchReport report)
    {
        var text = new StringBuilder();
        var machine = report.Machine;
        Line(text, $"commit {machine.Commit}, {machine.Cores} cores, {machine.MemoryMegabytes:F0} MB, 3 silos, "
            + $"{machine.MeasuredAt:yyyy-MM-dd HH:mm}Z, {report.Seconds:F0} s a phase");
        text.AppendLine();
        WriteLatencies(text, report);
        text.AppendLine();
        WriteUsage(text, report);
        return text.ToString().TrimEnd();
    }

    private static void WriteLatencies(StringBuilder text, BenchReport report)
    {
        Line(text, $"{"milliseconds",-NameWidth}{"",8} {"call -> answer",20} {"call -> follower",20} "
            + $"{"answer -> follower",20}");
        var three = $"{"p50",6}{"p99",7}{"max",7}";
        Line(text, $"{"phase",-NameWidth}{"done/s",8} {three} {three} {three}{"load",6}");
        foreach (var phase in report.Phases)
        {
            Line(text, $"{phase.Name,-NameWidth}{phase.PerSecond,8:F0} {Three(phase.RequestToAnswer)} "
                + $"{Three(phase.RequestToFollower)} {Three(phase.AnswerToFollower)}{phase.LoadAverage,6:F1}"
                + (phase.IsKept ? "" : " !"));
        }

        if (report.Phases.Any(p => !p.IsKept)) text.AppendLine("!  fewer than asked for");
    }

    private static void WriteUsage(StringBuilder text, BenchReport report)
    {
        var names = report.ResidentMegabytes.Keys.ToArray();
        Line(text, $"{"processor seconds",-NameWidth}{string.Concat(names.Select(n => $"{n,10}"))}{"ms/change",12}");
        foreach (var phase in report.Phases)
        {
            var seconds = string.Concat(names.Select(n => Invariant($"{phase.CpuSeconds[n],10:F2}")));
            Line(text, $"{phase.Name,-NameWidth}{seconds}{phase.CpuPerChange,12:F2}");
        }

        var memory = string.Concat(names.Select(n => Invariant($"{report.ResidentMegabytes[n],10:F0}")));
        Line(text, $"{"memory at the end, MB",-NameWidth}{memory}");
        text.AppendLine("ms/change: silos and PostgreSQL. load: here this program, above the machine's average.");
    }

    private static string Three(Spread? spread) => spread is null
        ? $"{"-",6}{"-",7}{"-",7}"
        : $"{Short(spread.P50),6}{Short(spread.P99),7}{Short(spread.Max),7}";

    private static string Short(double value) =>
        value.ToString(value < 1000 ? "F1" : "F0", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
