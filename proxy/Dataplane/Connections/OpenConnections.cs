using System.Collections.Concurrent;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// Connections that are open: each is judged when it comes, and all of them when something changes. One that is found wanting is
/// ended, once, with whatever is under way on it. Requests do not pass here.
/// </summary>
internal abstract class OpenConnections<T>
    where T : class
{
    private readonly ConcurrentDictionary<T, bool> _open = new();

    /// <summary>A connection is past its handshake; what has changed since then counts.</summary>
    /// <returns>False when it has been ended.</returns>
    public bool Add(T connection)
    {
        _open.TryAdd(connection, true); // before the look: a change comes before it or finds the connection
        return Judge(connection);
    }

    /// <summary>A connection has ended.</summary>
    public void Remove(T connection) => _open.TryRemove(connection, out _);

    /// <summary>Something has changed.</summary>
    protected void JudgeAll()
    {
        foreach (var (connection, _) in _open) Judge(connection);
    }

    /// <summary>Why a connection may not go on, in words; null when it may.</summary>
    protected abstract string? FindFault(T connection);

    /// <summary>Ends a connection at once, and says so.</summary>
    protected abstract void End(T connection, string fault);

    private bool Judge(T connection)
    {
        if (FindFault(connection) is not { } fault) return true;
        if (_open.TryRemove(connection, out _)) End(connection, fault); // else it has ended, or somebody else ends it
        return false;
    }
}
