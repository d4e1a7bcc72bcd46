using System.Collections.Immutable;
using System.Net;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>One port of a service whose connections are carried as bytes.</summary>
/// <remarks>
/// Chains are narrowed down by destination, then by server name, then by source; each step keeps those that say it most
/// exactly, and none goes back to an earlier one. Source: Envoy, <c>FilterChainMatch</c>.
/// </remarks>
public sealed class TcpServiceModel
{
    private const int MostExactName = int.MaxValue;
    private readonly TcpChainModel? _last;

    /// <summary>Prepares the choice of chains.</summary>
    /// <param name="name">The name that logs show.</param>
    /// <param name="hosts">
    /// The names and literal addresses by which callers know it, in lower case, without ports; <c>*.suffix</c> for all
    /// names below one. None for what the services of a port share that have no address of their own.
    /// </param>
    /// <param name="port">The port that is called.</param>
    /// <param name="chains">What becomes of its connections.</param>
    /// <param name="last">What becomes of those that no chain takes; null when they are refused.</param>
    public TcpServiceModel(
        string name, ImmutableArray<string> hosts, int port, ImmutableArray<TcpChainModel> chains, TcpChainModel? last)
    {
        (Name, Hosts, Port, Chains, _last) = (name, hosts, port, chains, last);
        NeedsServerName = chains.Any(chain => !chain.ServerNames.IsEmpty);
        Address = hosts.Select(host => IPAddress.TryParse(host, out var address) ? address : null)
            .FirstOrDefault(address => address is not null);
    }

    /// <summary>The name that logs show.</summary>
    public string Name { get; }

    /// <summary>The names and literal addresses by which callers know it.</summary>
    public ImmutableArray<string> Hosts { get; }

    /// <summary>
    /// It stands for the services of its port that have no address of their own: whatever address was called, its chains
    /// say by network and server name whose the connection is, and one that none of them takes is nobody's.
    /// </summary>
    public bool IsShared => Hosts.IsEmpty;

    /// <summary>The port that is called.</summary>
    public int Port { get; }

    /// <summary>The cluster of its own members, by whose addresses it is known where it has none; empty for none.</summary>
    public string OwnCluster { get; init; } = "";

    /// <summary>What becomes of its connections.</summary>
    public ImmutableArray<TcpChainModel> Chains { get; }

    /// <summary>All chains, the last one included.</summary>
    public IEnumerable<TcpChainModel> AllChains => _last is null ? Chains : Chains.Append(_last);

    /// <summary>
    /// Nothing can be chosen before the client has spoken: a server that speaks first cannot be reached.
    /// </summary>
    public bool NeedsServerName { get; }

    /// <summary>The address of the service, for which a connection is meant that calls it by name; null for none.</summary>
    public IPAddress? Address { get; }

    /// <summary>Whether a network of a chain has an address, so that no chain without networks is asked.</summary>
    public bool HasNetworkOf(IPAddress address) => Network(address) > 0;

    /// <summary>Whether a connection to an address may find a chain, as far as that can be known from the address.</summary>
    public bool MayTake(IPAddress address) => _last is not null || Network(address) >= 0;

    /// <summary>Who takes a connection.</summary>
    /// <param name="destination">The address that was called; null when only the name is known.</param>
    /// <param name="serverName">The name in the handshake, in lower case; empty for none and for plaintext.</param>
    /// <param name="source">Who calls.</param>
    /// <returns>Null when nobody does: the connection is refused.</returns>
    public TcpChainModel? Choose(IPAddress? destination, string serverName, IPAddress? source)
    {
        var to = Plain(destination ?? Address);
        var from = Plain(source);
        var (network, name) = (Network(to), -1);
        if (network < 0) return _last;
        foreach (var chain in Chains)
        {
            if (Best(chain.Networks, to) == network) name = Math.Max(name, Best(chain.ServerNames, serverName));
        }

        TcpChainModel? chosen = null;
        var nearest = -1;
        foreach (var chain in Chains)
        {
            if (Best(chain.Networks, to) != network || Best(chain.ServerNames, serverName) != name) continue;
            var own = Best(chain.Sources, from);
            if (own <= nearest) continue;
            (chosen, nearest) = (chain, own);
        }

        return name < 0 ? _last : chosen ?? _last;
    }

    private int Network(IPAddress? address)
    {
        var best = -1;
        foreach (var chain in Chains) best = Math.Max(best, Best(chain.Networks, address));
        return best;
    }

    // The length of the longest network that has the address, plus one; 0 when any will do, -1 when none has it.
    private static int Best(ImmutableArray<IPNetwork> networks, IPAddress? address)
    {
        if (networks.IsEmpty) return 0;
        var best = -1;
        foreach (var network in networks)
        {
            if (address is not null && network.Contains(address)) best = Math.Max(best, network.PrefixLength + 1);
        }

        return best;
    }

    private static int Best(ImmutableArray<string> names, string serverName)
    {
        if (names.IsEmpty) return 0;
        var best = -1;
        foreach (var name in names)
        {
            if (name == serverName) return MostExactName;
            if (name.StartsWith('*')
                && serverName.Length >= name.Length
                && serverName.AsSpan().EndsWith(name.AsSpan(1), StringComparison.Ordinal))
            {
                best = Math.Max(best, name.Length);
            }
        }

        return best;
    }

    private static IPAddress? Plain(IPAddress? address) =>
        address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
