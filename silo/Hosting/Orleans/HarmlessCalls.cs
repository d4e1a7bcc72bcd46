using System.Collections.Concurrent;
using System.Reflection;
using MeshOrleans.Grains;
using Orleans.Concurrency;

namespace MeshOrleans.Silo.Hosting.Orleans;

/// <summary>
/// The calls that may be answered by an activation which cannot find out whether it is still the one: those that only read
/// (they interleave with everything), and those whose interface says so.
/// </summary>
internal sealed class HarmlessCalls
{
    private readonly ConcurrentDictionary<MethodInfo, bool> _methods = new();

    public bool Contains(MethodInfo method) => _methods.GetOrAdd(method, static m =>
        m.IsDefined(typeof(AlwaysInterleaveAttribute), true) || m.IsDefined(typeof(HarmlessWhenStaleAttribute), true));
}
