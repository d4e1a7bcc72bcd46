using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using MeshOrleans.Grains.Snapshots;
using MeshOrleans.Model.Identity;

namespace MeshOrleans.Grains.Identity;

/// <summary>
/// An identity in memory, whole, and in the store in parts of a few nodes each: what is written for one certificate does not
/// grow with the nodes. The activation of the identity is the only one that writes them, and each write says which version it
/// replaces, so that of two activations one finds out.
/// </summary>
/// <param name="grain">The identity's grain.</param>
/// <param name="grains">Where parts and the snapshot are.</param>
/// <param name="index">Which parts there are.</param>
/// <param name="former">All of it in one record, as former versions wrote it: what is there is moved.</param>
internal sealed class IdentityParts(
    IdentityGrain grain,
    IGrainFactory grains,
    IPersistentState<IdentityIndex> index,
    IPersistentState<IdentityState> former)
{
    /// <summary>The most parts: of a thousand nodes about four share one.</summary>
    public const int Count = 256;

    private readonly SortedDictionary<int, IdentityPart> _held = [];

    private string SpiffeId => grain.GetPrimaryKeyString();

    /// <summary>The generation of the identity: a rotation that was cut short has reached some parts.</summary>
    public long Generation => Math.Max(
        former.State.Generation, _held.Values.Select(part => part.State.Generation).DefaultIfEmpty().Max());

    /// <summary>Every part that there is.</summary>
    public IEnumerable<IdentityState> All => _held.Values.Select(part => part.State);

    /// <summary>The numbers of all parts.</summary>
    public ImmutableArray<int> Numbers => [.. _held.Keys];

    /// <summary>
    /// In which part a node is: by its name alone, so that it is the same part whichever way the node is written.
    /// </summary>
    public static int PlaceOf(string nodeId) => SHA256.HashData(Encoding.UTF8.GetBytes(NodeName.Of(nodeId).Name))[0];

    /// <summary>A part, brought to the generation of the identity.</summary>
    public IdentityState Of(int number)
    {
        var generation = Generation;
        var state = _held.GetValueOrDefault(number)?.State ?? IdentityMove.Rest(former.State);
        return state.Generation == generation ? state : state with { Generation = generation };
    }

    /// <summary>Reads all parts, moves what a former version has saved, and tells everything.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var pieces = IdentityMove.Split(former.State);
        await Task.WhenAll(index.State.Parts.Union(pieces.Keys).Select(number => ReadAsync(number, cancellationToken)));
        if (pieces.Count > 0) await MoveAsync(pieces);
        await TellAsync([.. _held.Values.SelectMany(part => part.State.Entries.ChangesAfter(0))]);
    }

    /// <summary>Saves a part and tells.</summary>
    public Task CommitAsync(int number, IdentityState next) =>
        CommitAsync(new Dictionary<int, IdentityState> { [number] = next });

    /// <summary>
    /// Saves parts, and tells of all of them at once. Not cancellable: a change once decided is carried through.
    /// </summary>
    public async Task CommitAsync(IReadOnlyDictionary<int, IdentityState> next)
    {
        await NoteAsync(next.Keys);
        var told = next.ToDictionary(pair => pair.Key, pair => Of(pair.Key).Entries.Version);
        try
        {
            await Task.WhenAll(next.Select(pair => SaveAsync(pair.Key, pair.Value)));
        }
        finally
        {
            var saved = next.Where(pair => ReferenceEquals(_held.GetValueOrDefault(pair.Key)?.State, pair.Value));
            await TellAsync([.. saved.SelectMany(pair => pair.Value.Entries.ChangesAfter(told[pair.Key]))]);
        }
    }

    private async Task ReadAsync(int number, CancellationToken cancellationToken) =>
        _held[number] = await PartOf(number).ReadAsync(cancellationToken);

    // the former record last: whoever comes after a crash moves it again, into parts that have it already
    private async Task MoveAsync(Dictionary<int, IdentityState> pieces)
    {
        await NoteAsync(pieces.Keys);
        await Task.WhenAll(pieces.Select(
            piece => SaveAsync(piece.Key, IdentityMove.Merge(Of(piece.Key), piece.Value, SpiffeId))));
        await grain.SaveAsync(former, IdentityMove.Rest(former.State));
    }

    private async Task NoteAsync(IEnumerable<int> numbers)
    {
        var parts = index.State.Parts.Union(numbers).Order().ToImmutableArray();
        if (parts.Length > index.State.Parts.Length) await grain.SaveAsync(index, new IdentityIndex { Parts = parts });
    }

    private async Task SaveAsync(int number, IdentityState next)
    {
        var part = PartOf(number);
        try
        {
            var version = await part.ReplaceAsync(
                next, _held.GetValueOrDefault(number)?.Version, CancellationToken.None);
            _held[number] = new IdentityPart(next, version);
        }
        catch (Exception exception)
        {
            grain.ReloadAfter(exception, () => part.ReadAsync(CancellationToken.None));
            throw;
        }
    }

    private async Task TellAsync(ImmutableArray<SnapshotChange> changes)
    {
        if (changes.IsEmpty) return;
        try
        {
            await grains.GetMeshSnapshot().PublishAsync(changes, CancellationToken.None);
        }
        catch
        {
            grain.DeactivateOnIdle();
            throw;
        }
    }

    private IIdentityPartGrain PartOf(int number) => grains.GetGrain<IIdentityPartGrain>($"{SpiffeId}#{number}");
}
