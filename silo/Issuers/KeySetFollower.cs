using System.Collections.Immutable;
using MeshOrleans.Grains.Duties;
using MeshOrleans.Grains.Issuers;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Gateway.Snapshots;

namespace MeshOrleans.Silo.Issuers;

/// <summary>
/// Keeps the keys current that policies want from issuers; of a cluster's processes one does it. Each address is asked
/// on its own: one that is slow or gone delays no other, and what was last fetched from it stays for a time.
/// </summary>
internal sealed partial class KeySetFollower(
    IGrainFactory grains,
    KeySetClient client,
    SnapshotHolder snapshots,
    TimeProvider clock,
    ILogger<KeySetFollower> logger) : BackgroundService
{
    private const string Duty = "issuer-keys";
    private const int MaxAttempts = 8;

    private static readonly TimeSpan _step = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _dutyTime = TimeSpan.FromSeconds(15);

    private readonly string _process = Guid.NewGuid().ToString("N");
    private readonly Dictionary<string, FetchSchedule> _schedules = new(StringComparer.Ordinal);
    private IssuerKeySettings _settings = IssuerKeySettings.Default;
    private object? _config; // that of which the sources below are
    private ImmutableArray<KeySource> _named = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                // a copy that is not whole, or not believed, would make keys look unwanted
                if (snapshots is { IsSynced: true, HoldsLostMesh: false })
                {
                    await StepAsync(snapshots.Current, stoppingToken);
                }

                await Task.Delay(_step, clock, stoppingToken);
            }
        }
        finally
        {
            await Task.WhenAll(_schedules.Values.Select(schedule => schedule.Attempt)); // none of them throws
        }
    }

    private async Task StepAsync(MeshSnapshot mesh, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(_config, mesh.Config)) (_config, _named) = (mesh.Config, KeySource.NamedBy(mesh));
        var named = _named;
        if (named.IsEmpty && mesh.Issuers.IsEmpty) return;
        if (!await IsOnDutyAsync(cancellationToken))
        {
            Drop(_ => true); // what another process does meanwhile is read from the mesh
            return;
        }

        Adopt(mesh.Settings.IssuerKeys ?? IssuerKeySettings.Default);
        foreach (var source in FetchSchedule.InTurn(named.Take(KeySource.MaxCount), _schedules))
        {
            Start(source, mesh, cancellationToken);
        }

        // what is named but one too many is not asked for any more, and not forgotten either
        var addresses = named.Select(source => source.Address).ToHashSet(StringComparer.Ordinal);
        Drop(address => !addresses.Contains(address));
        foreach (var address in mesh.Issuers.Keys.Where(address => !addresses.Contains(address)))
        {
            await ForgetAsync(address, cancellationToken);
        }
    }

    // An attempt that is under way keeps its place until it has ended.
    private void Drop(Func<string, bool> isUnwanted)
    {
        foreach (var (address, schedule) in _schedules.ToList())
        {
            if (isUnwanted(address) && schedule.Attempt.IsCompleted) _schedules.Remove(address);
        }
    }

    private async Task<bool> IsOnDutyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IDutyGrain>(Duty).TryHoldAsync(_process, _dutyTime, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNoDuty(exception.Message);
            return false;
        }
    }

    private void Adopt(IssuerKeySettings settings)
    {
        if (ReferenceEquals(settings, _settings)) return;
        _settings = settings;
        foreach (var schedule in _schedules.Values.Where(s => s.Attempt.IsCompleted)) schedule.Retry();
    }

    private void Start(KeySource source, MeshSnapshot mesh, CancellationToken cancellationToken)
    {
        if (!_schedules.TryGetValue(source.Address, out var schedule))
        {
            var record = mesh.Issuers.GetValueOrDefault(source.Address);
            schedule = new FetchSchedule(record?.FetchedAt, record?.Error is not null);
            _schedules.Add(source.Address, schedule);
        }

        if (!schedule.IsDue(clock.GetUtcNow(), _settings)) return;
        if (_schedules.Values.Count(s => !s.Attempt.IsCompleted) >= MaxAttempts) return;
        schedule.Attempt = FetchAsync(source, schedule, _settings, cancellationToken);
    }

    private async Task FetchAsync(
        KeySource source, FetchSchedule schedule, IssuerKeySettings settings, CancellationToken cancellationToken)
    {
        var succeeded = false;
        try
        {
            var grain = grains.GetGrain<IIssuerKeysGrain>(source.Address);
            try
            {
                var keys = await client.FetchAsync(source, settings, cancellationToken);
                await grain.ReplaceAsync(keys.ToPublicText(), keys.Keys.Length, cancellationToken);
                foreach (var reason in keys.LeftOut) LogLeftOut(source.Address, reason);
                succeeded = true;
            }
            catch (KeyFetchException exception)
            {
                LogFailed(source.Address, exception.Message);
                await grain.NoteFailureAsync(exception.Message, settings.EffectiveMaxAge, cancellationToken);
            }
        }
        catch (Exception exception)
        {
            if (!cancellationToken.IsCancellationRequested) LogNotNoted(exception, source.Address); // else the process ends
        }

        schedule.Note(succeeded, clock.GetUtcNow());
    }

    private async Task ForgetAsync(string address, CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IIssuerKeysGrain>(address).ForgetAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotNoted(exception, address);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Who fetches the keys of issuers could not be settled: {Reason}")]
    private partial void LogNoDuty(string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Keys could not be fetched from {Address}; those that were stay for a time: {Reason}")]
    private partial void LogFailed(string address, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Of the keys from {Address} one is left out: {Reason}.")]
    private partial void LogLeftOut(string address, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "What became of the keys from {Address} could not be saved.")]
    private partial void LogNotNoted(Exception exception, string address);
}
