using System.Collections.Immutable;
using System.Globalization;

namespace MeshOrleans.Xds.Protocol.Callers;

/// <summary>
/// What a sidecar tells of who calls its workload without mesh mTLS, with <see cref="TypeUrls.PlaintextCallers"/>: all
/// that it knows when a stream begins, later what has changed. There is no answer.
/// </summary>
/// <remarks>
/// It travels as the versions that the client holds. <c>watch</c> is <c>RUN AGE</c>, which every report has; a caller
/// is <c>PORT/ADDRESS</c>, its version <c>DEMAND KIND CONNECTIONS OPEN FIRST LAST</c>. Times are milliseconds ago, so
/// that the clock of the sidecar's machine does not matter.
/// </remarks>
/// <param name="Run">Names this start of the sidecar: counts of another one begin anew. 1 to 64 letters and digits.</param>
/// <param name="Watching">For how long it has watched.</param>
/// <param name="Callers">The callers, each at most once.</param>
public sealed record PlaintextReport(string Run, TimeSpan Watching, ImmutableArray<ReportedCaller> Callers)
{
    /// <summary>The most callers of a report, and the most that a sidecar remembers.</summary>
    /// <value>256.</value>
    public const int MaxCallers = 256;

    private const string Watch = "watch";
    private const string Tls = "tls";
    private const string Plain = "plain";
    private const int MaxRun = 64;
    private const int MaxText = 128;
    private const long MaxAge = 10L * 366 * 24 * 3600 * 1000;

    /// <summary>The report as names and versions.</summary>
    public IEnumerable<KeyValuePair<string, string>> Write()
    {
        yield return new(Watch, $"{Run} {Text(Watching)}");
        foreach (var caller in Callers)
        {
            yield return new(
                $"{caller.Port}/{caller.Address}",
                $"{caller.Demand} {(caller.IsTls ? Tls : Plain)} {caller.Connections} {caller.Open} "
                + $"{Text(caller.FirstSeen)} {Text(caller.LastSeen)}");
        }
    }

    /// <summary>Reads what a client has sent; it is not trusted. Entries that cannot be read are left out.</summary>
    /// <returns>Null when it is no report.</returns>
    public static PlaintextReport? Read(IReadOnlyDictionary<string, string> entries)
    {
        if (!entries.TryGetValue(Watch, out var watch) || watch.Length > MaxText) return null;
        if (watch.Split(' ') is not [{ Length: > 0 and <= MaxRun } run, var age] || !IsPlain(run)) return null;
        return Age(age) is { } watching
            ? new PlaintextReport(
                run,
                watching,
                [
                    .. entries.Where(entry => entry.Key != Watch).Take(MaxCallers)
                        .Select(entry => Caller(entry.Key, entry.Value)).OfType<ReportedCaller>()
                        .DistinctBy(caller => (caller.Port, caller.Address)),
                ])
            : null;
    }

    private static ReportedCaller? Caller(string name, string version)
    {
        if (name.Length > MaxText || version.Length > MaxText) return null;
        if (name.Split('/') is not [var port, var address]) return null;
        if (version.Split(' ') is not [var demand, var kind, var connections, var open, var first, var last])
        {
            return null;
        }

        return Number(port) is >= 1 and <= 65_535 and var number
            && IpLiteral.Of(address) is { } literal
            && Enum.GetNames<PortDemand>().Contains(demand)
            && kind is Tls or Plain
            && Number(connections) is >= 1 and var count
            && Number(open) is >= 0 and <= int.MaxValue and var still
            && Age(first) is { } firstSeen
            && Age(last) is { } lastSeen
            ? new ReportedCaller(
                (int)number,
                literal,
                Enum.Parse<PortDemand>(demand),
                kind == Tls,
                count,
                (int)still,
                firstSeen,
                lastSeen)
            : null;
    }

    private static bool IsPlain(string run) => run.All(char.IsAsciiLetterOrDigit);

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static TimeSpan? Age(string text) =>
        Number(text) is <= MaxAge and var age ? TimeSpan.FromMilliseconds(age) : null;

    private static string Text(TimeSpan age) =>
        ((long)Math.Max(0, age.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
}
