using MeshOrleans.Grains.Snapshots;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>A store that outlives the grains on it; it can be made to fail, and it counts what it was asked.</summary>
internal sealed class InMemorySnapshotStore : ISnapshotStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SnapshotRow> _rows = new(StringComparer.Ordinal);
    private string _epoch = "";
    private long _number;
    private long _forgottenUpTo;

    /// <summary>Runs before every append; may throw or wait.</summary>
    public Func<SnapshotAppend, Task> BeforeAppend { get; set; } = _ => Task.CompletedTask;

    public int Appends { get; private set; }

    public Task<StoredSnapshot> LoadAsync(string newEpoch, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_epoch.Length == 0) _epoch = newEpoch;
            return Task.FromResult(new StoredSnapshot(_epoch, _number, _forgottenUpTo, [.. _rows.Values]));
        }
    }

    /// <summary>Forgets a key, as it is with tombstones when there are too many.</summary>
    public void Forget(string key)
    {
        lock (_gate) _rows.Remove(key);
    }

    /// <summary>Puts the store back to an earlier state, as from a backup.</summary>
    public void PutBack(StoredSnapshot stored)
    {
        lock (_gate)
        {
            (_number, _forgottenUpTo) = (stored.Number, stored.ForgottenUpTo);
            _rows.Clear();
            foreach (var row in stored.Rows) _rows.Add(row.Key, row);
        }
    }

    public Task<long> ReadNumberAsync(CancellationToken cancellationToken)
    {
        lock (_gate) return Task.FromResult(_number);
    }

    public async Task<bool> TryAppendAsync(SnapshotAppend append, CancellationToken cancellationToken)
    {
        await BeforeAppend(append);
        lock (_gate)
        {
            Appends++;
            if (append.PreviousNumber != _number) return false;
            foreach (var row in append.Rows) _rows[row.Key] = row;
            _forgottenUpTo = Math.Max(_forgottenUpTo, append.ForgetUpTo);
            foreach (var row in _rows.Values.Where(r => r.Payload is null && r.Number <= _forgottenUpTo).ToList())
            {
                _rows.Remove(row.Key);
            }

            _number = append.Number;
            return true;
        }
    }
}
