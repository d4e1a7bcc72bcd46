using System.Globalization;
using MeshOrleans.Grains;
using MeshOrleans.Silo.Storage.Postgres;
using Orleans.Storage;
using static MeshOrleans.Silo.Storage.Postgres.PostgresCommands;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// Grains' states in the cluster's database, in Orleans' own form. A write goes through only from the version that its
/// grain holds, so of two activations that believe to be the one, the stale one is told.
/// </summary>
internal sealed class PostgresGrainStorage(
    PostgresDatabase database, PostgresStateWriter writer, OrleansGrainStorageSerializer serializer) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = KeyOf(stateName, grainId);
        var rows = await database.ReadAsync(
            (connection, token) => connection.Command(
                "SELECT version, payload FROM mesh_grain_state"
                + " WHERE grain_type = $1 AND grain_key = $2 AND state_name = $3",
                Value(key.GrainType),
                Value(key.GrainKey),
                Value(key.StateName)).QueryAsync(r => (r.GetInt64(0), r.GetFieldValue<byte[]>(1)), token),
            CancellationToken.None);
        var stored = rows.Count > 0;
        grainState.RecordExists = stored;
        grainState.ETag = stored ? Tag(rows[0].Item1) : null;
        grainState.State = stored
            ? serializer.Deserialize<T>(BinaryData.FromBytes(rows[0].Item2))
            : Activator.CreateInstance<T>();
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var payload = serializer.Serialize(grainState.State).ToArray();
        var removableFrom = (grainState.State as IExpiringState)?.RemovableFrom;
        grainState.ETag = await WriteAsync(stateName, grainId, grainState.ETag, payload, removableFrom);
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (grainState.ETag is not null)
        {
            await WriteAsync(stateName, grainId, grainState.ETag, payload: null, removableFrom: null);
        }

        (grainState.RecordExists, grainState.ETag) = (false, null);
        grainState.State = Activator.CreateInstance<T>();
    }

    private async Task<string> WriteAsync(
        string stateName, GrainId grainId, string? expected, byte[]? payload, DateTimeOffset? removableFrom)
    {
        long? version = expected is null ? null : long.Parse(expected, CultureInfo.InvariantCulture);
        var written = await writer.WriteAsync(KeyOf(stateName, grainId), version, payload, removableFrom);
        return written is { } next
            ? Tag(next)
            : throw new InconsistentStateException(
                $"State '{stateName}' of {grainId} was changed by somebody else.", "another", expected ?? "none");
    }

    private static StateKey KeyOf(string stateName, GrainId grainId) =>
        new(grainId.Type.ToString() ?? "", grainId.Key.ToString() ?? "", stateName);

    private static string Tag(long version) => version.ToString(CultureInfo.InvariantCulture);
}
