using System.Collections.Immutable;
using MeshOrleans.Model.Snapshots;

namespace MeshOrleans.Grains.Snapshots;

/// <summary>
/// The mesh snapshot in memory: which changes are new, in which order they stand, and what a follower lacks. It takes
/// over a batch only after the store has it, so nothing is ever told that is not saved.
/// </summary>
/// <remarks>
/// A removal leaves a tombstone with the owner's version, so that a late, stale publish cannot bring the entry back.
/// The oldest tombstones are forgotten when there are more than twice <see cref="KeptTombstones"/>; a follower from
/// before that point reloads in full.
/// </remarks>
internal sealed class SnapshotMachine
{
    /// <summary>How many of the newest changes are kept for followers that resume.</summary>
    public const int LogLength = 10_000;

    /// <summary>How many tombstones remain when the oldest are forgotten.</summary>
    public const int KeptTombstones = 10_000;

    /// <summary>The most changes in one batch that is not a full one.</summary>
    public const int BatchLength = 1_000;

    private readonly Dictionary<string, SnapshotRow> _rows = new(StringComparer.Ordinal);
    private readonly Queue<SnapshotRow> _log = new();
    private readonly string _epoch;
    private long _forgottenUpTo;
    private int _tombstones;

    public SnapshotMachine(StoredSnapshot stored)
    {
        _epoch = stored.Epoch;
        Number = stored.Number;
        _forgottenUpTo = stored.ForgottenUpTo;
        foreach (var row in stored.Rows) Hold(row);
    }

    /// <summary>The name of this history.</summary>
    public string Epoch => _epoch;

    /// <summary>The newest change.</summary>
    public long Number { get; private set; }

    /// <summary>What of the changes is new, numbered and ready to be saved; null when nothing is.</summary>
    public SnapshotAppend? Plan(IEnumerable<SnapshotChange> changes)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var newest = new List<SnapshotChange?>();
        foreach (var change in changes)
        {
            if (change.OwnerVersion <= HeldVersion(change.Key)) continue;
            if (places.TryGetValue(change.Key, out var place))
            {
                if (change.OwnerVersion <= newest[place]!.OwnerVersion) continue;
                newest[place] = null; // the later one takes the later place
            }

            places[change.Key] = newest.Count;
            newest.Add(change);
        }

        if (newest.Count == 0) return null;
        var number = Number;
        ImmutableArray<SnapshotRow> fresh =
            [.. newest.OfType<SnapshotChange>().Select(c => new SnapshotRow(c.Key, c.OwnerVersion, ++number, c.Payload))];
        return new SnapshotAppend(Number, number, PlanForgetting(), fresh);
    }

    /// <summary>Takes over what the store has saved.</summary>
    public void Commit(SnapshotAppend append)
    {
        foreach (var row in append.Rows)
        {
            Hold(row);
            _log.Enqueue(row);
        }

        while (_log.Count > LogLength) _log.Dequeue();
        Number = append.Number;
        Forget(append.ForgetUpTo);
    }

    /// <summary>What a follower at <paramref name="at"/> must be told next; null when it has everything.</summary>
    public SnapshotBatch? After(SnapshotVersion at)
    {
        if (at.Epoch != _epoch || at.Number > Number || at.Number < _forgottenUpTo) return Full();
        if (at.Number == Number) return null;
        var missing = _log.TryPeek(out var oldest) && oldest.Number <= at.Number + 1
            ? _log.Skip((int)(at.Number + 1 - oldest.Number))
            : _rows.Values.Where(r => r.Number > at.Number).OrderBy(r => r.Number);
        return Batch([.. missing.Take(BatchLength)]);
    }

    private SnapshotBatch Batch(ImmutableArray<SnapshotRow> changes) =>
        new(_epoch, changes[^1].Number, IsFull: false, [.. changes.Select(ToChange)]);

    private SnapshotBatch Full()
    {
        var held = _rows.Values.Where(r => r.Payload is not null).OrderBy(r => r.Number).Select(ToChange);
        return new SnapshotBatch(_epoch, Number, IsFull: true, [.. held]);
    }

    private static SnapshotChange ToChange(SnapshotRow row) => new(row.Key, row.OwnerVersion, row.Payload);

    private long HeldVersion(string key) => _rows.TryGetValue(key, out var row) ? row.OwnerVersion : long.MinValue;

    private void Hold(SnapshotRow row)
    {
        if (_rows.TryGetValue(row.Key, out var before) && before.Payload is null) _tombstones--;
        if (row.Payload is null) _tombstones++;
        _rows[row.Key] = row;
    }

    private long PlanForgetting()
    {
        if (_tombstones <= 2 * KeptTombstones) return _forgottenUpTo;
        return _rows.Values.Where(r => r.Payload is null)
            .Select(r => r.Number)
            .Order()
            .ElementAt(_tombstones - KeptTombstones - 1);
    }

    private void Forget(long upTo)
    {
        if (upTo <= _forgottenUpTo) return;
        _forgottenUpTo = upTo;
        foreach (var row in _rows.Values.Where(r => r.Payload is null && r.Number <= upTo).ToList())
        {
            _rows.Remove(row.Key);
            _tombstones--;
        }
    }
}
