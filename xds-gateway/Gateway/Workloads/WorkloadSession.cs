using MeshOrleans.Grains.Workloads;
using MeshOrleans.Xds.Gateway.Streams;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Workloads;

/// <summary>
/// Keeps a workload registered while its stream is open: registers it, renews its lease at a sixth, and passes on what
/// it says of its health. A stream that is lost just stops renewing. A renewal that is not answered, because a silo has
/// gone, is given up in time for others before the lease ends: a member must not be lost for a control plane's troubles.
/// </summary>
internal sealed partial class WorkloadSession(string name, WorkloadRegistration registration, WorkloadParts parts)
{
    /// <summary>What a client says of itself before it leaves.</summary>
    private const string Draining = "draining";
    private const int MaxDetail = 512;

    private readonly Backoff _joining = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), parts.Random);
    private readonly Backoff _renewing = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), parts.Random);
    private readonly Signal _signal = new();
    private readonly ILogger _logger = parts.Logger;
    private volatile HealthReport? _report;
    private HealthReport? _told;
    private TimeSpan? _lease;

    /// <summary>
    /// The client says how its workload is: null for healthy, otherwise what is wrong, or that it is draining.
    /// </summary>
    public void Report(string? problem)
    {
        _report = new HealthReport(problem is { Length: > MaxDetail } ? problem[..MaxDetail] : problem);
        _signal.Set();
    }

    /// <summary>Works until the stream ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var grain = parts.Grains.GetGrain<IWorkloadGrain>(name);
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                if (!await StepAsync(grain, cancellationToken)) return;
                _joining.Reset();
                _renewing.Reset();
                wait = _lease!.Value / 6;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                wait = (_lease is null ? _joining : _renewing).Next();
                LogFailed(exception, name, wait);
            }

            await _signal.WaitAsync(wait, parts.Clock, cancellationToken);
        }
    }

    /// <summary>Brings the member up to date; false when it will never be one.</summary>
    private async Task<bool> StepAsync(IWorkloadGrain grain, CancellationToken cancellationToken)
    {
        if (_lease is not { } lease || !await RenewAsync(grain, lease / 12, cancellationToken))
        {
            if (_told?.IsDraining == true) return false; // it has left
            if (!await RegisterAsync(grain, cancellationToken)) return false;
            _told = null;
        }

        if (_report is { } report && report != _told)
        {
            _ = report.IsDraining
                ? await grain.DrainAsync(cancellationToken)
                : await grain.ReportHealthAsync(report.Problem is null, report.Problem ?? "", cancellationToken);
            _told = report;
        }

        return true;
    }

    private async Task<bool> RenewAsync(IWorkloadGrain grain, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(patience, parts.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await grain.RenewAsync(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The lease was not renewed within {patience.TotalSeconds} s.");
        }
    }

    private async Task<bool> RegisterAsync(IWorkloadGrain grain, CancellationToken cancellationToken)
    {
        switch (await grain.RegisterAsync(registration, cancellationToken))
        {
            case RegisterResult.Registered registered:
                _lease = registered.Lease;
                return true;
            case RegisterResult.Taken taken:
                LogTaken(name, taken.Owner, registration.ServiceAccount);
                return false;
            case RegisterResult.Invalid invalid:
                LogInvalid(name, invalid.Path, invalid.Message);
                return false;
            default:
                return false;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The registration of {Workload} is behind; next attempt in {Wait}.")]
    private partial void LogFailed(Exception exception, string workload, TimeSpan wait);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Workload} is not registered: the name belongs to service account {Owner}, not {Account}.")]
    private partial void LogTaken(string workload, string owner, string account);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Workload} is not registered: {Path} {Problem}.")]
    private partial void LogInvalid(string workload, string path, string problem);

    private sealed record HealthReport(string? Problem)
    {
        public bool IsDraining => Problem == Draining;
    }
}
