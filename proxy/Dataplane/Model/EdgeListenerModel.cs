using System.Collections.Immutable;
using System.Net;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>One socket at the edge of the mesh. It is opened when a model has it and closed when none does.</summary>
/// <remarks>
/// A handshake goes to the chain that names its server name exactly, else to that of the longest wildcard, else to one
/// without names. Source: Envoy, <c>FilterChainMatch.server_names</c>.
/// </remarks>
public sealed class EdgeListenerModel
{
    private readonly Dictionary<string, EdgeChainModel> _exact = new(StringComparer.Ordinal);
    private readonly (string Text, EdgeChainModel Chain)[] _suffixes;
    private readonly EdgeChainModel? _any;

    /// <summary>Prepares the choice of chains.</summary>
    /// <param name="name">The name by which it is known from one model to the next.</param>
    /// <param name="address">Where it listens; port 0 picks a free one.</param>
    /// <param name="chains">Its chains, each with its own name; all for TLS, or a single one for plaintext.</param>
    /// <exception cref="ArgumentException">
    /// Two chains take the same connections, or plaintext has not one chain.
    /// </exception>
    public EdgeListenerModel(string name, IPEndPoint address, ImmutableArray<EdgeChainModel> chains)
    {
        (Name, Address, Chains) = (name, address, chains);
        IsTls = chains.Any(chain => chain.IsTls);
        var suffixes = new Dictionary<string, EdgeChainModel>(StringComparer.Ordinal);
        if (chains.IsEmpty || chains.Any(chain => chain.IsTls != IsTls) || (!IsTls && chains.Length > 1))
        {
            throw new ArgumentException(
                $"'{name}' has neither one chain for plaintext nor chains for TLS.", nameof(chains));
        }

        foreach (var chain in chains)
        {
            if (chain.ServerNames.IsEmpty) _any = _any is null ? chain : throw Twice(name, "*");
            foreach (var text in chain.ServerNames.Select(n => n.ToLowerInvariant()))
            {
                var isNew = text.StartsWith("*.", StringComparison.Ordinal)
                    ? suffixes.TryAdd(text[1..], chain)
                    : _exact.TryAdd(text, chain);
                if (!isNew) throw Twice(name, text);
            }
        }

        _suffixes = [.. suffixes.OrderByDescending(s => s.Key.Length).Select(s => (s.Key, s.Value))];
    }

    /// <summary>The name by which it is known from one model to the next.</summary>
    public string Name { get; }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Its chains.</summary>
    public ImmutableArray<EdgeChainModel> Chains { get; }

    /// <summary>Only handshakes are taken; otherwise only plaintext.</summary>
    public bool IsTls { get; }

    /// <summary>The chain of a chain's name; null when there is none any more.</summary>
    public EdgeChainModel? Find(string chain)
    {
        foreach (var candidate in Chains)
        {
            if (candidate.Name == chain) return candidate;
        }

        return null;
    }

    /// <summary>Who takes a connection.</summary>
    /// <param name="serverName">The name in the handshake, in lower case; empty for none and for plaintext.</param>
    /// <param name="offersMesh">The client offers a protocol by which members of a mesh know each other.</param>
    /// <returns>Null when nobody does: the connection is closed.</returns>
    public EdgeChainModel? Choose(string serverName, bool offersMesh)
    {
        var chain = _exact.GetValueOrDefault(serverName) ?? BySuffix(serverName) ?? _any;
        return chain is { IsForMesh: true } && !offersMesh ? null : chain;
    }

    private static ArgumentException Twice(string name, string serverName) =>
        new($"Two chains of '{name}' take '{serverName}'.");

    private EdgeChainModel? BySuffix(string serverName)
    {
        foreach (var (text, chain) in _suffixes)
        {
            if (serverName.Length > text.Length && serverName.EndsWith(text, StringComparison.Ordinal)) return chain;
        }

        return null;
    }
}
