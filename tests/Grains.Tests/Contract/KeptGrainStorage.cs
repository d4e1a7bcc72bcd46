#if MESH_ENGINE_ORLEANS
using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Serialization;
using Orleans.Storage;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>Storage of the test, so that a silo can come back to it.</summary>
internal sealed class KeptGrainStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<(string, GrainId), (byte[] Bytes, string ETag)> _records = new();
    private long _writes;

    public Serializer Serializer { get; set; } = null!;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var exists = _records.TryGetValue((stateName, grainId), out var record);
        grainState.State = exists ? Serializer.Deserialize<T>(record.Bytes) : Activator.CreateInstance<T>();
        grainState.ETag = exists ? record.ETag : null;
        grainState.RecordExists = exists;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        Check(stateName, grainId, grainState);
        var etag = (++_writes).ToString(CultureInfo.InvariantCulture);
        _records[(stateName, grainId)] = (Serializer.SerializeToArray(grainState.State), etag);
        (grainState.ETag, grainState.RecordExists) = (etag, true);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        Check(stateName, grainId, grainState);
        _records.TryRemove((stateName, grainId), out _);
        grainState.State = Activator.CreateInstance<T>();
        (grainState.ETag, grainState.RecordExists) = (null, false);
        return Task.CompletedTask;
    }

    private void Check<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = _records.TryGetValue((stateName, grainId), out var record) ? record.ETag : null;
        if (stored != grainState.ETag) throw new InconsistentStateException("conflict", stored, grainState.ETag);
    }
}
#endif
