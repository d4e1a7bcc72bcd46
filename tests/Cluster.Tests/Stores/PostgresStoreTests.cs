using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Grains.Config;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Silo.Identity;
using MeshOrleans.Silo.Schema;
using MeshOrleans.Silo.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Cluster.Tests.Stores;

/// <summary>The cluster's stores keep what the SQLite ones keep, and let one writer through.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresStoreTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly CancellationToken _none = CancellationToken.None;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-secrets-");
    private PostgresDatabase _database = null!;

    public async Task InitializeAsync() => _database = Open(await postgres.CreateAsync());

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Of_many_that_migrate_at_once_all_find_the_same_tables()
    {
        var connection = await postgres.CreateAsync(migrate: false);

        var before = await Task.WhenAll(
            Enumerable.Range(0, 6)
                .Select(_ => OnConnection.RunAsync(connection, c => PostgresSchema.MigrateAsync(c, _none))));

        Assert.Contains(0, before);
        Assert.Equal(
            PostgresSchema.Version,
            await OnConnection.RunAsync(connection, c => PostgresSchema.ReadVersionAsync(c, _none)));
        await OnConnection.RunAsync(connection, c => PostgresSchema.CheckAsync(c, _none));
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(99, false)]
    public async Task A_program_goes_on_beside_a_newer_one_where_the_newer_says_so(int oldestReader, bool mayGoOn)
    {
        await _database.WriteAsync(new PostgresWrite<bool>(
            (batch, _) => batch.Add(
                "INSERT INTO mesh_schema(version, oldest_reader) VALUES(99, $1)", PostgresCommands.Value(oldestReader)),
            _ => Task.FromResult(true),
            (_, _) => Task.FromResult((false, true))));

        if (mayGoOn)
        {
            await OnConnection.RunAsync(postgres.Last, c => PostgresSchema.CheckAsync(c, _none));
            Assert.Equal(99, await OnConnection.RunAsync(postgres.Last, c => PostgresSchema.MigrateAsync(c, _none)));
        }
        else
        {
            var refused = await Assert.ThrowsAsync<SchemaException>(
                () => OnConnection.RunAsync(postgres.Last, c => PostgresSchema.CheckAsync(c, _none)));
            Assert.Contains("schema 99", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_process_without_the_clusters_secret_is_told_to_copy_it()
    {
        var (here, there) = (Path.Combine(_directory.FullName, "here"), Path.Combine(_directory.FullName, "there"));
        ClusterSecret.Check(here, await ReadSealAsync(), mayMake: true);
        await new PostgresAuthorityKeyStore(_database, ClusterSecret.Open(here)).CreateAsync(
            new AuthorityKeys(new AuthorityMaterial("root", SecretText.Of("root key"), "signer", SecretText.Of("signer key"))), _none);

        var seal = await ReadSealAsync();
        ClusterSecret.Check(here, seal, mayMake: true);
        var missing = Assert.Throws<FormatException>(() => ClusterSecret.Check(there, seal, mayMake: true));
        Assert.False(Directory.Exists(there));
        Assert.Throws<FormatException>(() => ClusterSecret.Check(there, fingerprint: null, mayMake: false)); // a gateway
        ClusterSecret.Open(there);
        var wrong = Assert.Throws<FormatException>(() => ClusterSecret.Check(there, seal, mayMake: true));

        Assert.Contains("is missing; copy it", missing.Message, StringComparison.Ordinal);
        Assert.Contains(seal!, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revisions_follow_one_another_and_keep_their_changes()
    {
        var store = new PostgresRevisionStore(_database);
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var revision = new RevisionRecord(
            1,
            time,
            "admin",
            "why",
            [
                new ConfigChange("A/n/a", ConfigChangeKind.Created, null, "{}"),
                new ConfigChange("B/n/b", ConfigChangeKind.Deleted, "{\"x\":1}", null),
            ]);

        Assert.False(await store.TryAppendAsync(revision with { Number = 2 }, _none));
        Assert.True(await store.TryAppendAsync(revision, _none));

        var found = await store.FindAsync(1, _none);
        Assert.Equal((time, "admin", "why"), (found!.Time, found.Author, found.Reason));
        Assert.Equal(revision.Changes.AsEnumerable(), found.Changes);
        Assert.Equal(
            [new StoredDocument("A/n/a", 1, "{}"), new StoredDocument("B/n/b", 1, null)],
            (await store.LoadAsync(_none)).Documents.OrderBy(d => d.Key));
        Assert.Null(await store.FindAsync(2, _none));
    }

    [Fact]
    public async Task Snapshot_rows_are_replaced_by_key_and_old_tombstones_forgotten()
    {
        var store = new PostgresSnapshotStore(_database);
        Assert.Equal("first", (await store.LoadAsync("first", _none)).Epoch);
        await store.TryAppendAsync(
            new SnapshotAppend(0, 2, 0, [new SnapshotRow("gone", 1, 1, null), new SnapshotRow("k", 1, 2, "1")]), _none);
        await store.TryAppendAsync(new SnapshotAppend(2, 3, 2, [new SnapshotRow("k", 2, 3, "2")]), _none);

        var stored = await store.LoadAsync("second", _none);

        Assert.Equal(("first", 3L, 2L), (stored.Epoch, stored.Number, stored.ForgottenUpTo));
        Assert.Equal([new SnapshotRow("k", 2, 3, "2")], stored.Rows.AsEnumerable());
    }

    [Fact]
    public async Task Of_writers_that_begin_at_once_one_gets_through()
    {
        var snapshots = new PostgresSnapshotStore(_database);
        var revisions = new PostgresRevisionStore(_database);
        await using var states = new PostgresStateWriter(_database);
        await using var others = new PostgresStateWriter(_database);
        await snapshots.LoadAsync("e", _none);

        var appended = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => snapshots.TryAppendAsync(
            new SnapshotAppend(0, 1, 0, [new SnapshotRow($"k{i}", 1, 1, "v")]), _none)));
        var revised = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => revisions.TryAppendAsync(
            new RevisionRecord(1, DateTimeOffset.UnixEpoch, $"{i}", "", [new("K/n/k", ConfigChangeKind.Created, null, $"{i}")]),
            _none)));
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? states : others).WriteAsync(new StateKey("t", "k", "s"), expected: null, [(byte)i])));

        Assert.Single(appended, true);
        Assert.Single(revised, true);
        Assert.Single(made, version => version is not null);
        Assert.Single((await snapshots.LoadAsync("e", _none)).Rows);
        Assert.Single((await revisions.FindAsync(1, _none))!.Changes);
    }

    [Fact]
    public async Task States_written_together_each_get_a_verdict_of_their_own()
    {
        await using var writer = new PostgresStateWriter(_database);
        var keys = Enumerable.Range(0, 300).Select(i => new StateKey("t", $"{i}", "s")).ToArray();
        var first = await Task.WhenAll(keys.Select(k => writer.WriteAsync(k, expected: null, [1])));

        var second = await Task.WhenAll(keys.Select((k, i) => writer.WriteAsync(k, i % 2 == 0 ? first[i] : 0, [2])));
        await writer.WriteAsync(keys[0], second[0], payload: null);
        var again = await writer.WriteAsync(keys[0], expected: null, [3]);

        Assert.Equal(300, first.Distinct().Count());
        Assert.DoesNotContain(second.Where((_, i) => i % 2 == 0), version => version is null);
        Assert.DoesNotContain(second.Where((_, i) => i % 2 == 1), version => version is not null);
        Assert.True(again > second[0]); // a version never comes again
    }

    [Fact]
    public async Task A_state_that_nobody_needs_any_more_is_removed_and_no_other()
    {
        await using var writer = new PostgresStateWriter(_database);
        var (key, kept) = (new StateKey("t", "k", "s"), new StateKey("t", "kept", "s"));
        var now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var first = await writer.WriteAsync(key, expected: null, [1], now);
        var other = await writer.WriteAsync(kept, expected: null, [1]);
        var states = new PostgresRemovableStates(_database);

        Assert.Equal(0, await states.RemoveAsync(now.AddSeconds(-1), _none));
        var second = await writer.WriteAsync(key, first, [2], now.AddMinutes(1));
        Assert.Equal(0, await states.RemoveAsync(now, _none));
        Assert.Equal(1, await states.RemoveAsync(now.AddMinutes(1), _none));

        Assert.Null(await writer.WriteAsync(key, second, [3]));
        Assert.NotNull(await writer.WriteAsync(key, expected: null, [3]));
        Assert.NotNull(await writer.WriteAsync(kept, other, [2]));
    }

    [Fact]
    public async Task The_authoritys_keys_are_sealed_and_the_first_stay()
    {
        var secret = ClusterSecret.Open(_directory.FullName);
        var store = new PostgresAuthorityKeyStore(_database, secret);
        var one = new AuthorityMaterial("root", SecretText.Of("root key"), "signer", SecretText.Of("signer key"));
        var keys = new AuthorityKeys(one);

        Assert.Null(await store.LoadAsync(_none));
        Assert.Equal(keys, await store.CreateAsync(keys, _none));
        Assert.Equal(keys, await store.CreateAsync(new AuthorityKeys(one with { RootKey = SecretText.Of("other") }), _none));
        var next = new AuthorityKeys(one with { SigningKey = SecretText.Of("new") });
        Assert.Equal(next, await store.ReplaceAsync(keys, next, _none));
        Assert.Equal(next, await store.ReplaceAsync(keys, new AuthorityKeys(one with { SigningKey = SecretText.Of("late") }), _none));

        Assert.Equal(SecretText.Of("new"), (await store.LoadAsync(_none))!.First.SigningKey);
        var other = ClusterSecret.Open(Path.Combine(_directory.FullName, "other"));
        var refused = await Assert.ThrowsAsync<FormatException>(
            () => new PostgresAuthorityKeyStore(_database, other).LoadAsync(_none));
        Assert.Contains(ClusterSecret.FileName, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_authorities_come_back_as_they_were_sealed()
    {
        var store = new PostgresAuthorityKeyStore(_database, ClusterSecret.Open(_directory.FullName));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90));
        var (pem, keyPem) = (made.ExportCertificatePem(), SecretText.OfKey(key));
        var first = new AuthorityMaterial(pem, keyPem, pem, keyPem);
        var second = new AuthorityMaterial(pem, SecretText.Empty, pem, keyPem, Intermediates: pem, Link: pem);
        var (one, both) = (new AuthorityKeys(first), new AuthorityKeys(first, second));
        await store.CreateAsync(one, _none);

        Assert.Equal(both, await store.ReplaceAsync(one, both, _none));
        Assert.Equal(both, await store.ReplaceAsync(one, new AuthorityKeys(second), _none)); // too late

        Assert.Equal(both, await store.LoadAsync(_none));
    }

    private Task<string?> ReadSealAsync() =>
        OnConnection.RunAsync(postgres.Last, c => PostgresAuthorityKeyStore.ReadSealAsync(c, _none));

    private static PostgresDatabase Open(string connection) =>
        new(connection, TimeProvider.System, NullLogger<PostgresDatabase>.Instance);
}
