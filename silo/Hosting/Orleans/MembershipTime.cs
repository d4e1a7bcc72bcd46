using System.Collections.Concurrent;
using MeshOrleans.Silo.Hosting.Clock;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// A membership table whose times are the cluster's. Orleans compares them with the wall clock of whoever reads, to see which
/// silos are too stale to be asked for a vote and which votes still count: with a clock ahead by more than a few heartbeats one
/// silo alone could declare all others dead. So what is read is moved to the reader's clock, and what is written back again.
/// </summary>
/// <param name="table">The table itself.</param>
/// <param name="self">The silo that reads.</param>
/// <param name="clock">The cluster's time, and how far the wall clock is from it.</param>
/// <param name="wall">The wall clock that Orleans goes by.</param>
internal sealed class MembershipTime(
    IMembershipTable table, SiloAddress self, ClusterClock clock, TimeProvider wall) : IMembershipTable
{
    // Where nobody could write a heartbeat, nobody's is stale for as long as it takes to write some.
    private static readonly TimeSpan _grace = 4 * SilentSiloWatch.HeartbeatTime;

    // what Orleans was shown instead of the heartbeats that are stored, and hands back with whatever it writes
    private readonly ConcurrentDictionary<SiloAddress, (DateTime Shown, DateTime Stored)> _forgiven = new();
    private long? _outageAt;

    /// <summary>Puts it before the table that is registered.</summary>
    public static void Decorate(IServiceCollection services)
    {
        var inner = services.Last(s => s.ServiceType == typeof(IMembershipTable));
        services.Remove(inner);
        services.AddSingleton<IMembershipTable>(provider => new MembershipTime(
            (IMembershipTable)(inner.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)),
            provider.GetRequiredService<ILocalSiloDetails>().SiloAddress,
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
        table.UpdateRowAsync(AsStored(entry), etag, tableVersion, cancellationToken);

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken) =>
        table.UpdateIAmAliveAsync(
            new MembershipEntry
            {
                SiloAddress = entry.SiloAddress,
                IAmAliveTime = Moved(entry.IAmAliveTime, -clock.WallClockError),
            },
            cancellationToken);

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
        var begin = clock.GetTimestamp();
        MembershipTableData data;
        try
        {
            data = await read();
        }
        catch
        {
            _outageAt = clock.GetTimestamp();
            throw;
        }

        var error = clock.WallClockError;
        if (clock.GetElapsedTime(begin) > SilentSiloWatch.HeartbeatTime || IsOwnStale(data)) _outageAt = clock.GetTimestamp();
        var isForgiven = _outageAt is { } at && clock.GetElapsedTime(at) < _grace;
        return new MembershipTableData(
            [.. data.Members.Select(m => Tuple.Create(AsRead(m.Item1, error, isForgiven), m.Item2))], data.Version);
    }

    // Whose own heartbeat was not written cannot tell who else's was.
    private bool IsOwnStale(MembershipTableData data) => data.Members
        .Select(m => m.Item1)
        .Any(m => m.SiloAddress.Equals(self)
            && m.Status is SiloStatus.Active
            && clock.GetUtcNow().UtcDateTime - m.IAmAliveTime > 2 * SilentSiloWatch.HeartbeatTime);

    private MembershipEntry AsRead(MembershipEntry entry, TimeSpan error, bool isForgiven)
    {
        var read = Moved(entry, error);
        if (!isForgiven || read.Status is not SiloStatus.Active) return read;
        read.IAmAliveTime = wall.GetUtcNow().UtcDateTime;
        _forgiven[entry.SiloAddress] = (read.IAmAliveTime, entry.IAmAliveTime);
        return read;
    }

    private MembershipEntry AsStored(MembershipEntry entry)
    {
        var stored = Moved(entry, -clock.WallClockError);
        if (_forgiven.TryGetValue(entry.SiloAddress, out var known) && known.Shown == entry.IAmAliveTime)
        {
            stored.IAmAliveTime = known.Stored;
        }

        return stored;
    }

    private static MembershipEntry Moved(MembershipEntry entry, TimeSpan by) => new()
    {
        SiloAddress = entry.SiloAddress,
        Status = entry.Status,
        SuspectTimes = entry.SuspectTimes?.ConvertAll(s => Tuple.Create(s.Item1, Moved(s.Item2, by))),
        ProxyPort = entry.ProxyPort,
        HostName = entry.HostName,
        SiloName = entry.SiloName,
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = Moved(entry.StartTime, by),
        IAmAliveTime = Moved(entry.IAmAliveTime, by),
    };

    // a time that is not said stays so
    private static DateTime Moved(DateTime time, TimeSpan by) => time == default ? time : time + by;
}
