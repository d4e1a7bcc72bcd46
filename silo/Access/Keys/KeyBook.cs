using System.Collections.Concurrent;
using MeshOrleans.Silo.Issuers;

namespace MeshOrleans.Silo.Access.Keys;

/// <summary>The keys of all issuers of the access file, by the place where they are.</summary>
internal sealed class KeyBook(IssuerNetwork network, TimeProvider clock, ILogger<KeyBook> logger)
{
    // as many as there are places in the file and in those before it
    private readonly ConcurrentDictionary<string, HeldKeys> _held = new(StringComparer.Ordinal);

    /// <summary>The keys of a place; fetched when they are asked for.</summary>
    public HeldKeys Of(KeyPlace place) => _held.GetOrAdd(KeyOf(place), _ => new HeldKeys(place, network, clock, logger));

    private static string KeyOf(KeyPlace place) => string.Join(
        '\n', [place.Name, place.CaFile, $"{place.AllowHttp}", .. place.AllowedHosts]);
}
