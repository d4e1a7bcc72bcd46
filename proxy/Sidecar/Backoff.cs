using MeshOrleans.Model;

namespace MeshOrleans.Proxy.Sidecar;

/// <summary>
/// Waits that grow: drawn between zero and a step that doubles up to a cap, so that a herd spreads
/// out.
/// </summary>
internal sealed class Backoff(TimeSpan first, TimeSpan cap, IRandomSource random)
{
    private readonly TimeSpan _first = first;
    private TimeSpan _step = first;

    public TimeSpan Next()
    {
        var wait = _step * random.NextDouble();
        _step = _step * 2 < cap ? _step * 2 : cap;
        return wait;
    }

    public void Reset() => _step = _first;
}
