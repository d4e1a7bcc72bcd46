using System.Collections.Immutable;

namespace MeshOrleans.Grains.Audit;

internal sealed class AuditSegmentGrain(
    [PersistentState("segment", StorageNames.Mesh)] IPersistentState<AuditState> store) : Grain, IAuditSegmentGrain
{
    public Task ReplaceAsync(ImmutableArray<AuditEntry> entries, CancellationToken cancellationToken) =>
        this.SaveAsync(store, new AuditState { Last = entries.IsEmpty ? 0 : entries[^1].Number, Newest = entries });

    public Task<ImmutableArray<AuditEntry>> ReadAsync(CancellationToken cancellationToken) =>
        Task.FromResult(store.State.Newest);
}
