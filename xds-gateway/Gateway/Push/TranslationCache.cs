using System.Collections.Concurrent;
using MeshOrleans.Model.Snapshots;
using MeshOrleans.Xds.Translation;

namespace MeshOrleans.Xds.Gateway.Push;

/// <summary>
/// One translation per picture and proxy scope, shared by every stream of that scope. Only the newest picture's
/// translations are kept here; streams hold on to the groups they still need. No secret is ever among them.
/// </summary>
internal sealed class TranslationCache
{
    private Generation _generation = new(MeshSnapshot.Empty);

    /// <summary>How many translations are kept.</summary>
    public int Count => Volatile.Read(ref _generation).Sets.Count;

    /// <summary>The resources of a scope; translated by the first who asks, off its thread.</summary>
    public Task<ResourceSet> GetAsync(MeshSnapshot snapshot, ProxyScope scope)
    {
        var generation = GenerationOf(snapshot);
        if (generation is null) return TranslateAsync(snapshot, scope); // a stream that is behind: not worth keeping
        return generation.Sets.GetOrAdd(
            scope,
            static (key, mesh) => new Lazy<Task<ResourceSet>>(() => TranslateAsync(mesh, key)),
            generation.Snapshot).Value;
    }

    private Generation? GenerationOf(MeshSnapshot snapshot)
    {
        while (true)
        {
            var held = Volatile.Read(ref _generation);
            if (HaveSameFacts(held.Snapshot, snapshot)) return held;
            if (held.Snapshot.Version.Epoch == snapshot.Version.Epoch
                && held.Snapshot.Version.Number > snapshot.Version.Number)
            {
                return null;
            }

            var next = new Generation(snapshot);
            if (Interlocked.CompareExchange(ref _generation, next, held) == held) return next;
        }
    }

    /// <summary>True when only certificates differ, on which no translation depends.</summary>
    private static bool HaveSameFacts(MeshSnapshot one, MeshSnapshot other) =>
        ReferenceEquals(one.Config, other.Config)
        && ReferenceEquals(one.Workloads, other.Workloads)
        && ReferenceEquals(one.Bundles, other.Bundles)
        && ReferenceEquals(one.Imports, other.Imports)
        && ReferenceEquals(one.Peers, other.Peers);

    private static Task<ResourceSet> TranslateAsync(MeshSnapshot snapshot, ProxyScope scope) =>
        Task.Run(() => SnapshotTranslator.Translate(new TranslationInput(snapshot, scope)));

    private sealed class Generation(MeshSnapshot snapshot)
    {
        public MeshSnapshot Snapshot { get; } = snapshot;

        public ConcurrentDictionary<ProxyScope, Lazy<Task<ResourceSet>>> Sets { get; } = new();
    }
}
