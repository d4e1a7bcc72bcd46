using MeshOrleans.Grains.Workloads;
using MeshOrleans.Model.Identity;
using MeshOrleans.Multicluster.Workloads.Members;
using MeshOrleans.Xds.Gateway.Identity;
using MeshOrleans.Xds.Gateway.Streams;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Xds.Gateway.Workloads;

/// <summary>
/// Keeps a workload registered while its stream is open: registers it, renews its lease at a sixth, and passes on what
/// it says of its health. A stream that is lost just stops renewing. A renewal that is not answered, because a silo has
/// gone, is given up in time for others before the lease ends: a member must not be lost for a control plane's troubles.
/// </summary>
/// <param name="claim">What the client says of itself.</param>
/// <param name="client">Who it has proved to be.</param>
/// <param name="nodeId">What it calls its node on the stream, and most likely when it asked for its certificate.</param>
/// <param name="parts">What it needs of the gateway.</param>
internal sealed partial class WorkloadSession(
    MemberClaim claim, ClientIdentity client, string nodeId, WorkloadParts parts)
{
    /// <summary>What a client says of itself before it leaves.</summary>
    private const string Draining = "draining";
    private const int MaxDetail = 512;

    /// <summary>When the rules are asked again that have refused a member: somebody may have mended them, or its group.</summary>
    private static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(30);

    private readonly Backoff _joining = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), parts.Random);
    private readonly Backoff _renewing = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), parts.Random);
    private readonly Signal _signal = new();
    private readonly ILogger _logger = parts.Logger;
    private readonly string _name = claim.Node;
    private string? _refusal;
    private bool _isProved;
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
        var grain = parts.Grains.GetGrain<IWorkloadGrain>(_name);
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan wait;
            try
            {
                if (!await StepAsync(grain, cancellationToken)) return;
                _joining.Reset();
                _renewing.Reset();
                wait = _lease is { } lease ? lease / 6 : RefusedFor;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                wait = (_lease is null ? _joining : _renewing).Next();
                LogFailed(exception, _name, wait);
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

        if (_lease is not null && _report is { } report && report != _told)
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
        if (await FindNodeFaultAsync(cancellationToken) is { } stranger)
        {
            LogRefused(_name, stranger);
            return false;
        }

        var former = _refusal;
        if ((_refusal = await parts.Admission.FindFaultAsync(claim, cancellationToken)) is { } refusal)
        {
            if (refusal != former) LogRefused(_name, refusal);
            _lease = null;
            return true; // for now
        }

        switch (await grain.RegisterAsync(claim.Registration, cancellationToken))
        {
            case RegisterResult.Registered registered:
                _lease = registered.Lease;
                return true;
            case RegisterResult.Taken taken:
                LogTaken(_name, taken.Owner, claim.Registration.ServiceAccount);
                return false;
            case RegisterResult.Invalid invalid:
                LogInvalid(_name, invalid.Path, invalid.Message);
                return false;
            default:
                return false;
        }
    }

    /// <summary>
    /// Once for a stream: its client is who it was, whoever has renewed under its name since. What is known here tells it of most,
    /// so that a crowd that comes back asks nobody, and one whose identity cannot be asked just now is not turned away.
    /// </summary>
    private async Task<string?> FindNodeFaultAsync(CancellationToken cancellationToken)
    {
        if (_isProved || client is not { Id: { } id, Serial: { Length: > 0 } serial }) return null;
        var fault = IsNewestOf(nodeId) || IsNewestOf(_name)
            ? null
            : await parts.Admission.FindNodeFaultAsync(id, serial, _name, cancellationToken);
        _isProved = fault is null;
        return fault;
    }

    private bool IsNewestOf(string node) =>
        NodeName.Of(node).Agrees(NodeName.Of(_name))
        && parts.Snapshots.Current.Identities.GetValueOrDefault($"{client.Id}|{node}")?.Serial == client.Serial;

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The registration of {Workload} is behind; next attempt in {Wait}.")]
    private partial void LogFailed(Exception exception, string workload, TimeSpan wait);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Workload} is not registered: the name belongs to service account {Owner}, not {Account}.")]
    private partial void LogTaken(string workload, string owner, string account);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Workload} is not registered: {Reason}.")]
    private partial void LogRefused(string workload, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Workload} is not registered: {Path} {Problem}.")]
    private partial void LogInvalid(string workload, string path, string problem);

    private sealed record HealthReport(string? Problem)
    {
        public bool IsDraining => Problem == Draining;
    }
}
