using System.Collections.Immutable;

namespace MeshOrleans.Grains.Audit;

/// <remarks>
/// The newest entries are here; when there are enough of them they move to a segment of the ring, where they take the place of
/// the oldest. The segment is saved first: what is then in both is told once.
/// </remarks>
internal sealed class AuditGrain(
    [PersistentState("audit", StorageNames.Mesh)] IPersistentState<AuditState> store) : Grain, IAuditGrain
{
    private const int Segments = AuditEntry.MaxKept / AuditEntry.MaxAtOnce;

    public async Task AppendAsync(ImmutableArray<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var next = store.State;
        foreach (var entry in entries.Take(AuditEntry.MaxAtOnce))
        {
            next = new AuditState { Last = next.Last + 1, Newest = next.Newest.Add(entry with { Number = next.Last + 1 }) };
            if (next.Last % AuditEntry.MaxAtOnce != 0) continue;
            await Segment(next.Last).ReplaceAsync(next.Newest, cancellationToken);
            next = next with { Newest = [] };
        }

        await this.SaveAsync(store, next);
    }

    public async Task<ImmutableArray<AuditEntry>> ListAsync(long before, int count, CancellationToken cancellationToken)
    {
        var (state, found) = (store.State, ImmutableArray.CreateBuilder<AuditEntry>());
        var from = before > 0 ? Math.Min(before - 1, state.Last) : state.Last;
        count = Math.Clamp(count, 0, AuditEntry.MaxKept);
        var oldest = Math.Max(0, state.Last - AuditEntry.MaxKept);
        Take(state.Newest, oldest, from, count, found);

        // the last number of each full segment, downwards
        var end = state.Last - state.Newest.Length;
        if (found.Count == 0) end = Math.Min(end, RoundUp(from));
        for (; end > oldest && found.Count < count; end -= AuditEntry.MaxAtOnce)
        {
            Take(await Segment(end).ReadAsync(cancellationToken), oldest, Math.Min(from, end), count, found);
        }

        return found.DrainToImmutable();
    }

    private static void Take(
        ImmutableArray<AuditEntry> entries, long oldest, long from, int count, ImmutableArray<AuditEntry>.Builder found)
    {
        for (var i = entries.Length - 1; i >= 0 && found.Count < count; i--)
        {
            if (entries[i].Number <= from && entries[i].Number > oldest) found.Add(entries[i]);
        }
    }

    private static long RoundUp(long number) =>
        (number + AuditEntry.MaxAtOnce - 1) / AuditEntry.MaxAtOnce * AuditEntry.MaxAtOnce;

    private IAuditSegmentGrain Segment(long lastNumber) =>
        GrainFactory.GetGrain<IAuditSegmentGrain>($"{lastNumber / AuditEntry.MaxAtOnce % Segments}");
}
