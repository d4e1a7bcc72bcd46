using System.Collections.Immutable;
using MeshOrleans.Grains.Snapshots;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>A store that outlives the grains on it; it can be made to fail, and it counts what it was asked.</summary>
internal sealed class InMemorySnapshotStore : ISnapshotStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, SnapshotRow> rows = new(StringComparer.Ordinal);
    private string epoch = "";
    private long number;
    private long forgottenUpTo;

    /// <summary>Runs before every append; may throw or wait.</summary>
    public Func<SnapshotAppend, Task> BeforeAppend { get; set; } = _ => Task.CompletedTask;

    public int Appends { get; private set; }

    public Task<StoredSnapshot> LoadAsync(string newEpoch, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (epoch.Length == 0) epoch = newEpoch;
            return Task.FromResult(new StoredSnapshot(epoch, number, forgottenUpTo, [.. rows.Values]));
        }
    }

    public async Task<bool> TryAppendAsync(SnapshotAppend append, CancellationToken cancellationToken)
    {
        await BeforeAppend(append);
        lock (gate)
        {
            Appends++;
            if (append.PreviousNumber != number) return false;
            foreach (var row in append.Rows) rows[row.Key] = row;
            forgottenUpTo = Math.Max(forgottenUpTo, append.ForgetUpTo);
            foreach (var row in rows.Values.Where(r => r.Payload is null && r.Number <= forgottenUpTo).ToList())
            {
                rows.Remove(row.Key);
            }

            number = append.Number;
            return true;
        }
    }
}
