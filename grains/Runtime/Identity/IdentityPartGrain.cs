using Orleans.Storage;

namespace MeshOrleans.Grains.Identity;

internal sealed class IdentityPartGrain(
    [PersistentState("part", StorageNames.Mesh)] IPersistentState<IdentityState> store) : Grain, IIdentityPartGrain
{
    public Task<IdentityPart> ReadAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new IdentityPart(store.State, store.Etag));

    public async Task<string?> ReplaceAsync(IdentityState next, string? version, CancellationToken cancellationToken)
    {
        if (store.Etag != version)
        {
            // the store alone cannot tell: two activations of the identity may ask one of this
            throw new InconsistentStateException("Another activation of the identity was faster.", store.Etag, version);
        }

        await this.SaveAsync(store, next);
        return store.Etag;
    }
}
