namespace MeshOrleans.Grains.Identity;

internal sealed class AttestedNodeGrain(
    [PersistentState("attested", StorageNames.Mesh)] IPersistentState<AttestedNodeState> store,
    TimeProvider clock) : Grain, IAttestedNodeGrain
{
    // as long as a finished join token may be repeated
    private static readonly TimeSpan _repetition = TimeSpan.FromMinutes(5);

    public async Task<bool> AdmitAsync(string claim, bool mayRepeat, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (store.State.LastAt is { } last)
        {
            if (claim.Length > 0 && claim == store.State.Claim && now - last < _repetition) return true;
            if (!mayRepeat) return false;
        }

        await this.SaveAsync(store, new AttestedNodeState { LastAt = now, Claim = claim });
        return true;
    }
}
