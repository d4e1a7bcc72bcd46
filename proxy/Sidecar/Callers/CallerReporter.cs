using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Callers;

namespace MeshOrleans.Proxy.Sidecar.Callers;

/// <summary>
/// Tells of plaintext callers: of one that is new within two seconds, of one that is known once a minute. A stream
/// begins with all of them.
/// </summary>
internal sealed class CallerReporter(PlaintextCallers callers, TimeProvider clock)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(1);

    private readonly long _startedAt = clock.GetTimestamp();
    private readonly string _run = Guid.NewGuid().ToString("N");
    private Dictionary<PlaintextCaller, Told> _told = [];

    /// <summary>There is news of some callers.</summary>
    public event Action<PlaintextReport>? Changed;

    /// <summary>Everything.</summary>
    public PlaintextReport Whole() => Report([.. callers.All]);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Period, clock, cancellationToken);
            if (News() is { Count: > 0 } news) Changed?.Invoke(Report(news));
        }
    }

    private List<PlaintextCaller> News()
    {
        var (news, told) = (new List<PlaintextCaller>(), new Dictionary<PlaintextCaller, Told>());
        foreach (var caller in callers.All)
        {
            if (_told.TryGetValue(caller, out var before) && !IsNews(caller, before))
            {
                told.Add(caller, before);
                continue;
            }

            news.Add(caller);
            told.Add(caller, new Told(clock.GetTimestamp(), caller.Mode, caller.Connections, caller.Open));
        }

        _told = told;
        return news;
    }

    private bool IsNews(PlaintextCaller caller, Told told) =>
        caller.Mode != told.Mode
        || ((caller.Connections != told.Connections || caller.Open + told.Open > 0)
            && clock.GetElapsedTime(told.At) >= Refresh);

    private PlaintextReport Report(IReadOnlyCollection<PlaintextCaller> some) =>
        new(_run, clock.GetElapsedTime(_startedAt), [.. some.Select(Describe)]);

    private ReportedCaller Describe(PlaintextCaller caller)
    {
        var (lastAt, open) = (caller.LastAt, caller.Open);
        return new ReportedCaller(
            caller.Port,
            caller.Address.ToString(),
            caller.Mode switch
            {
                InboundTlsMode.Strict => PortDemand.Strict,
                InboundTlsMode.Disable => PortDemand.Disable,
                _ => PortDemand.Permissive,
            },
            caller.IsTls,
            caller.Connections,
            open,
            clock.GetElapsedTime(caller.FirstAt),
            open > 0 ? TimeSpan.Zero : clock.GetElapsedTime(lastAt));
    }

    private readonly record struct Told(long At, InboundTlsMode Mode, long Connections, int Open);
}
