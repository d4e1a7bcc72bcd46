using System.Collections.Concurrent;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>Lets a test hold a grain at a point of its code, and know that it is there.</summary>
internal sealed class Gate
{
    private static readonly ConcurrentDictionary<string, Gate> s_gates = new();

    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a grain stands at the gate.</summary>
    public Task Reached => _reached.Task;

    public static Gate Of(string key) => s_gates.GetOrAdd(key, _ => new Gate());

    public void Open() => _open.TrySetResult();

    /// <summary>For grains: stops here until the gate opens or the token is signalled.</summary>
    public Task PassAsync(CancellationToken cancellationToken = default)
    {
        _reached.TrySetResult();
        return _open.Task.WaitAsync(cancellationToken);
    }
}
