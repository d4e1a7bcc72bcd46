using MeshOrleans.Silo.Hosting.Clock;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// A membership table whose times are the cluster's. Orleans compares them with the wall clock of whoever reads, to see which
/// silos are too stale to be asked for a vote and which votes still count: with a clock ahead by more than a few heartbeats one
/// silo alone could declare all others dead. So what is read is moved to the reader's clock, and what is written back again.
/// </summary>
/// <param name="table">The table itself.</param>
/// <param name="clock">The cluster's time, and how far the wall clock is from it.</param>
/// <param name="wall">The wall clock that Orleans goes by.</param>
internal sealed class MembershipTime(IMembershipTable table, ClusterClock clock, TimeProvider wall) : IMembershipTable
{
    // Nobody's heartbeat could be written meanwhile, so for as long as it takes to write some nobody's is stale.
    private static readonly TimeSpan _grace = 4 * SilentSiloWatch.HeartbeatTime;

    private long? _failedAt;

    /// <summary>Puts it before the table that is registered.</summary>
    public static void Decorate(IServiceCollection services)
    {
        var inner = services.Last(s => s.ServiceType == typeof(IMembershipTable));
        services.Remove(inner);
        services.AddSingleton<IMembershipTable>(provider => new MembershipTime(
            (IMembershipTable)(inner.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)),
            provider.GetRequiredService<ClusterClock>(),
            TimeProvider.System));
    }

    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
        table.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) =>
        table.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken) =>
        table.CleanupDefunctSiloEntriesAsync(beforeDate - clock.WallClockError, cancellationToken);

    public Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) =>
        ReadAsync(() => table.ReadRowAsync(key, cancellationToken));

    public Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken) =>
        ReadAsync(() => table.ReadAllAsync(cancellationToken));

    public Task<bool> InsertRowAsync(
        MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
        table.InsertRowAsync(Moved(entry, -clock.WallClockError), tableVersion, cancellationToken);

    public Task<bool> UpdateRowAsync(
        MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken) =>
        table.UpdateRowAsync(Moved(entry, -clock.WallClockError), etag, tableVersion, cancellationToken);

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken) =>
        table.UpdateIAmAliveAsync(Moved(entry, -clock.WallClockError), cancellationToken);

    // The older names of the same, for whoever still calls them.
    Task IMembershipTable.InitializeMembershipTable(bool tryInitTableVersion) =>
        InitializeMembershipTableAsync(tryInitTableVersion, default);

    Task IMembershipTable.DeleteMembershipTableEntries(string clusterId) =>
        DeleteMembershipTableEntriesAsync(clusterId, default);

    Task IMembershipTable.CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        CleanupDefunctSiloEntriesAsync(beforeDate, default);

    Task<MembershipTableData> IMembershipTable.ReadRow(SiloAddress key) => ReadRowAsync(key, default);

    Task<MembershipTableData> IMembershipTable.ReadAll() => ReadAllAsync(default);

    Task<bool> IMembershipTable.InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        InsertRowAsync(entry, tableVersion, default);

    Task<bool> IMembershipTable.UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        UpdateRowAsync(entry, etag, tableVersion, default);

    Task IMembershipTable.UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, default);

    private async Task<MembershipTableData> ReadAsync(Func<Task<MembershipTableData>> read)
    {
        MembershipTableData data;
        try
        {
            data = await read();
        }
        catch
        {
            _failedAt = clock.GetTimestamp();
            throw;
        }

        var isForgiven = _failedAt is { } failed && clock.GetElapsedTime(failed) < _grace;
        var error = clock.WallClockError;
        return new MembershipTableData(
            [.. data.Members.Select(m => Tuple.Create(AsRead(m.Item1, error, isForgiven), m.Item2))], data.Version);
    }

    private MembershipEntry AsRead(MembershipEntry entry, TimeSpan error, bool isForgiven)
    {
        var read = Moved(entry, error);
        if (isForgiven && read.Status is SiloStatus.Active) read.IAmAliveTime = wall.GetUtcNow().UtcDateTime;
        return read;
    }

    private static MembershipEntry Moved(MembershipEntry entry, TimeSpan by) => new()
    {
        SiloAddress = entry.SiloAddress,
        Status = entry.Status,
        SuspectTimes = entry.SuspectTimes?.ConvertAll(s => Tuple.Create(s.Item1, s.Item2 + by)),
        ProxyPort = entry.ProxyPort,
        HostName = entry.HostName,
        SiloName = entry.SiloName,
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = entry.StartTime + by,
        IAmAliveTime = entry.IAmAliveTime + by,
    };
}
