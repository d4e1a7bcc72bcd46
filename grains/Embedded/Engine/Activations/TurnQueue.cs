namespace MeshOrleans.Grains.Embedded;

/// <summary>
/// Which turn may begin. An ordinary turn waits for every other ordinary one; read-only ones may share; interleaving
/// ones wait for nobody and hold up nobody. Not synchronised: the activation's lock guards it.
/// </summary>
internal sealed class TurnQueue
{
    private readonly Queue<Turn> _ordinary = new();
    private readonly Queue<Turn> _interleaving = new();
    private int _running;
    private int _runningWriters;
    private int _runningReaders;

    public bool IsIdle => _running == 0 && _ordinary.Count == 0 && _interleaving.Count == 0;

    public bool IsRunning => _running > 0;

    public void Add(Turn turn) => (turn.Interleaves ? _interleaving : _ordinary).Enqueue(turn);

    /// <summary>Takes the next turn that may begin; from then on it counts as running.</summary>
    public bool TryBegin(out Turn? turn)
    {
        if (!_interleaving.TryDequeue(out turn))
        {
            if (!_ordinary.TryPeek(out turn) || !MayBegin(turn)) return false;
            _ordinary.Dequeue();
        }

        Count(turn, +1);
        return true;
    }

    public void End(Turn turn) => Count(turn, -1);

    /// <summary>Empties the queue; what is running stays.</summary>
    public List<Turn> TakeWaiting()
    {
        List<Turn> waiting = [.. _interleaving, .. _ordinary];
        _interleaving.Clear();
        _ordinary.Clear();
        return waiting;
    }

    // A reader does not overtake a writer that waits before it: it only begins at the head of the queue.
    private bool MayBegin(Turn turn) => _runningWriters == 0 && (_runningReaders == 0 || turn.ReadOnly);

    private void Count(Turn turn, int change)
    {
        _running += change;
        if (turn.Interleaves) return;
        if (turn.ReadOnly) _runningReaders += change;
        else _runningWriters += change;
    }
}
