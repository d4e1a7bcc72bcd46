using System.Globalization;
using MeshOrleans.Grains;
using MeshOrleans.Silo.Storage;
using Orleans.Storage;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// Grains' states in the control plane's database, for one silo. A state is written in Orleans' own form (base64), so that
/// everything with a generated serializer comes back as it was; its ETag is a version that rises with every write.
/// </summary>
internal sealed class SqliteGrainStorage(string storage, SqliteDatabase database, IGrainStorageSerializer serializer) : IGrainStorage
{
    private const string Where =
        " WHERE storage = @storage AND grain_type = @type AND state_name = @name AND grain_key = @key";

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(
        string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var stored = await database.ReadAsync(
            session => session.Query(
                "SELECT json, version FROM grain_state" + Where,
                r => new Row(r.GetString(0), r.GetInt64(1)),
                Names(stateName, grainId)).FirstOrDefault(),
            cancellationToken);
        grainState.RecordExists = stored is not null;
        grainState.ETag = stored is null ? null : Tag(stored.Version);
        grainState.State = stored is null
            ? Activator.CreateInstance<T>()
            : serializer.Deserialize<T>(BinaryData.FromBytes(Convert.FromBase64String(stored.Text)));
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(
        string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var text = Convert.ToBase64String(serializer.Serialize(grainState.State));
        var removableFrom = (grainState.State as IExpiringState)?.RemovableFrom;
        var expected = grainState.ETag;
        grainState.ETag = await database.WriteAsync(
            session =>
            {
                var next = Check(session, stateName, grainId, expected) + 1;
                session.Execute(
                    "INSERT OR REPLACE INTO grain_state(storage, grain_type, state_name, grain_key, version, json, removable_from)"
                    + " VALUES(@storage, @type, @name, @key, @version, @json, @removable)",
                    [
                        .. Names(stateName, grainId), ("@version", next), ("@json", text),
                        ("@removable", removableFrom?.ToUnixTimeSeconds()),
                    ]);
                return Tag(next);
            },
            cancellationToken);
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(
        string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var expected = grainState.ETag;
        await database.WriteAsync(
            session =>
            {
                Check(session, stateName, grainId, expected);
                return session.Execute("DELETE FROM grain_state" + Where, Names(stateName, grainId));
            },
            cancellationToken);
        (grainState.RecordExists, grainState.ETag) = (false, null);
        grainState.State = Activator.CreateInstance<T>();
    }

    private static string Tag(long version) => version.ToString(CultureInfo.InvariantCulture);

    /// <summary>The stored version, zero when there is none; throws when the writer knows another one.</summary>
    private long Check(SqliteSession session, string stateName, GrainId grainId, string? expected)
    {
        var stored = session.Query(
            "SELECT version FROM grain_state" + Where, r => r.GetInt64(0), Names(stateName, grainId));
        var held = stored is [var version] ? Tag(version) : null;
        return held == expected
            ? stored.FirstOrDefault()
            : throw new InconsistentStateException($"State '{stateName}' of {grainId} was changed by somebody else.", held, expected);
    }

    private (string Name, object? Value)[] Names(string stateName, GrainId grainId) =>
    [
        ("@storage", storage), ("@type", grainId.Type.ToString()), ("@name", stateName), ("@key", grainId.Key.ToString()),
    ];

    private sealed record Row(string Text, long Version);
}
