using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>The outcome of routing one request.</summary>
/// <param name="Host">The virtual host; null when no domain matches.</param>
/// <param name="Route">The route; null when none matches (404, flag NR).</param>
public readonly record struct RouteDecision(VirtualHostModel? Host, RouteModel? Route);

/// <summary>A prepared route configuration.</summary>
/// <remarks>
/// Domains: exact, then the longest network of a literal address, then the longest <c>*suffix</c>, then the longest
/// <c>prefix*</c>, then <c>*</c>. Within a host the first matching route wins. Source: Envoy,
/// <c>config.route.v3.VirtualHost.domains</c>; networks are this mesh's own.
/// </remarks>
public sealed class RouteTableModel
{
    private readonly Dictionary<string, VirtualHostModel> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VirtualHostModel>.AlternateLookup<ReadOnlySpan<char>> _exactBySpan;
    private readonly AddressDomains _addresses = new();
    private readonly (string Text, VirtualHostModel Host)[] _suffixes;
    private readonly (string Text, VirtualHostModel Host)[] _prefixes;
    private readonly VirtualHostModel? _any;

    /// <summary>Prepares the table.</summary>
    /// <param name="name">The route configuration's name.</param>
    /// <param name="hosts">The virtual hosts; their order does not matter.</param>
    /// <param name="ignorePort">Whether the port that the Host header names is left out of the comparison.</param>
    /// <exception cref="ArgumentException">Two hosts claim one domain, or a wildcard is not at one end.</exception>
    public RouteTableModel(string name, ImmutableArray<VirtualHostModel> hosts, bool ignorePort = true)
    {
        (Name, Hosts, IgnorePort) = (name, hosts, ignorePort);
        var suffixes = new Dictionary<string, VirtualHostModel>(StringComparer.Ordinal);
        var prefixes = new Dictionary<string, VirtualHostModel>(StringComparer.Ordinal);
        foreach (var host in hosts)
        {
            foreach (var domain in host.Domains)
            {
                var text = domain.ToLowerInvariant();
                var stars = text.AsSpan().Count('*');
                var isNew = stars == 0 ? (text.Contains('/') || _exact.TryAdd(text, host))
                        && _addresses.TryAdd(text, host)
                    : text == "*" ? _any is null && (_any = host) is not null
                    : stars == 1 && text[0] == '*' ? suffixes.TryAdd(text[1..], host)
                    : stars == 1 && text[^1] == '*' ? prefixes.TryAdd(text[..^1], host)
                    : throw new ArgumentException($"'{domain}' has its wildcard at neither end.", nameof(hosts));
                if (!isNew)
                {
                    throw new ArgumentException($"Two entries of '{name}' claim the domain '{domain}'.", nameof(hosts));
                }
            }
        }

        _exactBySpan = _exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _suffixes = [.. suffixes.OrderByDescending(s => s.Key.Length).Select(s => (s.Key, s.Value))];
        _prefixes = [.. prefixes.OrderByDescending(s => s.Key.Length).Select(s => (s.Key, s.Value))];
    }

    /// <summary>A table that knows no host.</summary>
    public static RouteTableModel Empty { get; } = new("", []);

    /// <summary>The route configuration's name.</summary>
    public string Name { get; }

    /// <summary>The virtual hosts as configured.</summary>
    public ImmutableArray<VirtualHostModel> Hosts { get; }

    /// <summary>Whether the port that the Host header names is left out of the comparison.</summary>
    public bool IgnorePort { get; }

    /// <summary>Whether hosts that the table does not know are asked for.</summary>
    public bool AsksOnDemand => _any is { IsOnDemand: true };

    /// <summary>Header changes for every route of the table; they run last.</summary>
    public HeaderOperations RequestHeaders { get; init; } = HeaderOperations.None;

    /// <summary>Header changes for every route of the table; they run last.</summary>
    public HeaderOperations ResponseHeaders { get; init; } = HeaderOperations.None;

    /// <summary>Turns the order of the levels round: table, host, route, cluster.</summary>
    public bool MostSpecificHeaderMutationsWin { get; init; }

    /// <summary>Finds the virtual host and the route of one request.</summary>
    public RouteDecision Find<TView>(in TView view, IRandomSource random)
        where TView : struct, IRequestView, allows ref struct
    {
        var host = FindHost(view.Authority);
        if (host is null) return default;
        foreach (var route in host.Routes)
        {
            if (route.Match.Matches(in view, random)) return new RouteDecision(host, route);
        }

        return new RouteDecision(host, null);
    }

    /// <summary>Finds the virtual host of an authority that <see cref="HostName.Normalize"/> has seen.</summary>
    public VirtualHostModel? FindHost(ReadOnlySpan<char> authority)
    {
        var name = IgnorePort ? HostName.WithoutPort(authority) : authority;
        if (_exactBySpan.TryGetValue(name, out var host)) return host;
        if (_addresses.Find(name) is { } atAddress) return atAddress;
        foreach (var (text, candidate) in _suffixes)
        {
            if (name.Length > text.Length && name.EndsWith(text, StringComparison.Ordinal)) return candidate;
        }

        foreach (var (text, candidate) in _prefixes)
        {
            if (name.Length > text.Length && name.StartsWith(text, StringComparison.Ordinal)) return candidate;
        }

        return _any;
    }
}
