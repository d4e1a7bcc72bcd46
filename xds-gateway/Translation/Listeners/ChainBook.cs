using MeshOrleans.Xds.Protocol.Listener;

namespace MeshOrleans.Xds.Translation.Listeners;

/// <summary>
/// Sees to it that no two chains of a listener take the same connections: an Envoy refuses such a listener as a whole.
/// What is asked for twice belongs to the first that asks.
/// </summary>
internal sealed class ChainBook
{
    private readonly HashSet<(string Network, string ServerName, string Source)> _taken = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>The chains of a route, as far as what it asks for is still free.</summary>
    /// <param name="name">The name of the first chain; further ones are numbered.</param>
    /// <param name="route">The route.</param>
    public IEnumerable<FilterChain> Chains(string name, TcpRoute route)
    {
        foreach (var source in Each(route.Sources.Select(Addresses.Canonical)))
        {
            var free = Each(route.Networks.Select(Addresses.Canonical))
                .Select(network => (Network: network, Names: Free(network, route, source)))
                .Where(entry => entry.Names.Count > 0)
                .GroupBy(entry => string.Join('\n', entry.Names), StringComparer.Ordinal);
            foreach (var group in free.ToList())
            {
                var match = new FilterChainMatch();
                foreach (var network in group.Select(g => g.Network).Where(n => n.Length > 0))
                {
                    match.PrefixRanges.Add(Addresses.Network(network));
                }

                match.ServerNames.AddRange(group.First().Names.Where(n => n.Length > 0));
                if (source.Length > 0) match.SourcePrefixRanges.Add(Addresses.Network(source));
                yield return new FilterChain
                {
                    Name = Unique(name),
                    FilterChainMatch = match.CalculateSize() == 0 ? null : match,
                    Filters = { route.Filter(name) },
                };
            }
        }
    }

    private List<string> Free(string network, TcpRoute route, string source) =>
    [
        .. Each(route.ServerNames.Select(n => n.ToLowerInvariant()))
            .Where(serverName => _taken.Add((network, serverName, source))),
    ];

    private string Unique(string name)
    {
        var unique = name;
        for (var i = 2; !_names.Add(unique); i++) unique = $"{name}#{i}";
        return unique;
    }

    /// <summary>Each once; a single empty one where there is none, which stands for any.</summary>
    private static List<string> Each(IEnumerable<string> texts) =>
        texts.Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } some ? some : [""];
}
