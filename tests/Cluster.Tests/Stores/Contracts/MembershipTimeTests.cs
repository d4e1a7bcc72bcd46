using System.Net;
using MeshOrleans.Silo.Hosting.Clock;
using MeshOrleans.Silo.Hosting.Orleans;
using Microsoft.Extensions.DependencyInjection;

namespace MeshOrleans.Cluster.Tests.Stores.Contracts;

/// <summary>What Orleans is shown of the times in the membership table, with a wall clock that is wrong.</summary>
public sealed class MembershipTimeTests
{
    private static readonly TimeSpan _ahead = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _long = TimeSpan.FromMinutes(5);
    private static readonly SiloAddress _silo = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 2);
    private static readonly SiloAddress _other = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 3), 4);

    private readonly TableInMemory _table = new();
    private readonly ClusterClock _clock = new();
    private readonly MembershipTime _time;

    public MembershipTimeTests()
    {
        // the cluster's time is ten minutes behind this machine's
        _clock.Tell(TimeProvider.System.GetUtcNow() - _ahead, _clock.GetTimestamp());
        _time = new MembershipTime(_table, _silo, _clock, TimeProvider.System);
    }

    [Fact]
    public async Task A_heartbeat_of_now_is_of_now_for_a_reader_whose_clock_is_ahead()
    {
        _table.Entry = Entry(_clock.GetUtcNow(), []);

        var read = (await _time.ReadAllAsync(default)).Members.Single().Item1;

        AssertNear(TimeProvider.System.GetUtcNow(), read.IAmAliveTime);
    }

    [Fact]
    public async Task A_vote_is_written_by_the_time_of_the_cluster_and_read_back_as_it_was_given()
    {
        var given = TimeProvider.System.GetUtcNow().UtcDateTime;

        await _time.UpdateRowAsync(
            Entry(given, [Tuple.Create(_other, given)]), "", new TableVersion(1, ""), default);

        AssertNear(_clock.GetUtcNow(), _table.Entry!.SuspectTimes!.Single().Item2);
        AssertNear(_clock.GetUtcNow(), _table.Entry.IAmAliveTime);
        var (who, when) = (await _time.ReadRowAsync(_silo, default)).Members.Single().Item1.SuspectTimes!.Single();
        Assert.Equal(_other, who);
        AssertNear(given, when);
    }

    [Fact]
    public async Task Right_after_the_table_could_not_be_read_nobody_is_stale()
    {
        _table.Entry = Stale(_other);
        AssertNear(TimeProvider.System.GetUtcNow() - _long, (await _time.ReadAllAsync(default)).Members.Single().Item1.IAmAliveTime);
        _table.IsAway = true;
        await Assert.ThrowsAsync<TimeoutException>(() => _time.ReadAllAsync(default));
        _table.IsAway = false;

        AssertNear(TimeProvider.System.GetUtcNow(), (await _time.ReadAllAsync(default)).Members.Single().Item1.IAmAliveTime);
    }

    [Fact]
    public async Task Where_the_own_heartbeat_was_not_written_nobody_is_stale_and_nothing_of_that_is_written_back()
    {
        _table.Entry = Stale(_silo);
        var shown = (await _time.ReadAllAsync(default)).Members.Single().Item1;
        AssertNear(TimeProvider.System.GetUtcNow(), shown.IAmAliveTime);

        await _time.UpdateRowAsync(shown, "", new TableVersion(1, ""), default);

        AssertNear(_clock.GetUtcNow() - _long, _table.Entry.IAmAliveTime);
    }

    [Fact]
    public async Task A_heartbeat_is_written_by_the_time_of_the_cluster_though_it_says_nothing_else()
    {
        await _time.UpdateIAmAliveAsync(
            new MembershipEntry { SiloAddress = _silo, IAmAliveTime = TimeProvider.System.GetUtcNow().UtcDateTime }, default);

        AssertNear(_clock.GetUtcNow(), _table.Entry!.IAmAliveTime);
    }

    [Fact]
    public void It_stands_before_the_table_that_was_registered()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IMembershipTable, TableInMemory>();
        services.AddSingleton(_clock);
        services.AddSingleton<ILocalSiloDetails>(new Here());

        MembershipTime.Decorate(services);

        using var provider = services.BuildServiceProvider();
        Assert.IsType<MembershipTime>(provider.GetRequiredService<IMembershipTable>());
    }

    private static void AssertNear(DateTimeOffset expected, DateTime actual) =>
        Assert.InRange((expected.UtcDateTime - actual).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(1));

    private static MembershipEntry Entry(DateTimeOffset time, List<Tuple<SiloAddress, DateTime>> votes) => new()
    {
        SiloAddress = _silo,
        Status = SiloStatus.Active,
        SiloName = "one",
        HostName = "here",
        IAmAliveTime = time.UtcDateTime,
        StartTime = time.UtcDateTime,
        SuspectTimes = votes,
    };

    private static MembershipEntry Stale(SiloAddress silo)
    {
        var entry = Entry(TimeProvider.System.GetUtcNow() - _ahead - _long, []);
        entry.SiloAddress = silo;
        return entry;
    }

    private sealed class Here : ILocalSiloDetails
    {
        public string Name => "one";

        public string ClusterId => "mesh";

        public string DnsHostName => "here";

        public SiloAddress SiloAddress => _silo;

        public SiloAddress GatewayAddress => _silo;
    }

    private sealed class TableInMemory : IMembershipTable
    {
        public MembershipEntry? Entry { get; set; }

        public bool IsAway { get; set; }

        public Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken) => IsAway
            ? Task.FromException<MembershipTableData>(new TimeoutException("The database does not answer."))
            : Task.FromResult(new MembershipTableData([Tuple.Create(Entry!, "")], new TableVersion(1, "")));

        public Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) =>
            ReadAllAsync(cancellationToken);

        public Task<bool> UpdateRowAsync(
            MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken)
        {
            Entry = entry;
            return Task.FromResult(true);
        }

        Task IMembershipTable.InitializeMembershipTable(bool tryInitTableVersion) => throw new NotSupportedException();

        Task IMembershipTable.DeleteMembershipTableEntries(string clusterId) => throw new NotSupportedException();

        Task IMembershipTable.CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => throw new NotSupportedException();

        Task<MembershipTableData> IMembershipTable.ReadRow(SiloAddress key) => throw new NotSupportedException();

        Task<MembershipTableData> IMembershipTable.ReadAll() => throw new NotSupportedException();

        Task<bool> IMembershipTable.InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
            throw new NotSupportedException();

        Task<bool> IMembershipTable.UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
            throw new NotSupportedException();

        public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken) =>
            UpdateRowAsync(entry, "", new TableVersion(1, ""), cancellationToken);

        Task IMembershipTable.UpdateIAmAlive(MembershipEntry entry) => throw new NotSupportedException();
    }
}
