using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.TcpProxy;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>
/// The listeners of connections that are carried as bytes. Their addresses are the names and literal addresses by which
/// a service is called; that of the services of a port which have none is any address.
/// </summary>
internal static class TcpServiceReader
{
    private const string Wildcard = "*.";

    /// <summary>Whether a listener of a sidecar is one: it has a name for its address.</summary>
    public static bool IsService(Listener listener) =>
        listener.UseOriginalDst is not true
        && listener.Address?.SocketAddress is { } socket
        && !IPAddress.TryParse(socket.Address, out _);

    /// <summary>
    /// Whether a listener of a sidecar takes connections to a port for the services that have no address of their own: it
    /// is bound to none, is for any address, and carries bytes.
    /// </summary>
    public static bool IsShared(Listener listener) =>
        listener is { UseOriginalDst: not true, BindToPort: false, Address.SocketAddress: { } socket }
        && IPAddress.TryParse(socket.Address, out var address)
        && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        && (listener.FilterChains.FirstOrDefault() ?? listener.DefaultFilterChain) is { Filters: [.., var last] }
        && last.TypedConfig?.Is(TcpProxy.Descriptor) is true;

    /// <summary>Reads a listener of <see cref="IsShared"/>.</summary>
    public static ListenerTemplate.Tcp ReadShared(Listener listener, FieldPath at) =>
        new(Service(listener, [], CoreReader.Socket(listener.Address, at.At("address")).Port, at));

    public static ListenerTemplate.Tcp Read(Listener listener, FieldPath at)
    {
        var (first, port) = Host(listener.Address, at.At("address"));
        var hosts = ImmutableArray.CreateBuilder<string>(1 + listener.AdditionalAddresses.Count);
        hosts.Add(first);
        foreach (var (i, additional) in listener.AdditionalAddresses.Index())
        {
            var here = at.At("additional_addresses").At(i).At("address");
            var (host, own) = Host(additional.Address, here);
            if (own != port) throw new UnusableResourceException(here, $"has another port than {port}");
            hosts.Add(host);
        }

        return new(Service(listener, hosts.ToImmutable(), port, at));
    }

    private static TcpServiceModel Service(Listener listener, ImmutableArray<string> hosts, int port, FieldPath at)
    {
        var chains = listener.FilterChains.Select((chain, i) => Chain(chain, at.At("filter_chains").At(i)));
        var last = listener.DefaultFilterChain is { } chain ? Chain(chain, at.At("default_filter_chain")) : null;
        return new TcpServiceModel(listener.Name, hosts, port, [.. chains], last)
        {
            OwnCluster = hosts.IsEmpty ? "" : ClusterNames.Outbound(hosts[0], port),
        };
    }

    private static (string Host, int Port) Host(Address? address, FieldPath at)
    {
        if (address?.SocketAddress is not { } socket
            || !socket.Address.StartsWith(Wildcard, StringComparison.Ordinal))
        {
            return CoreReader.NamedSocket(address, at);
        }

        var below = address.Clone();
        below.SocketAddress.Address = socket.Address[Wildcard.Length..];
        var (host, port) = CoreReader.NamedSocket(below, at);
        return (Wildcard + host, port);
    }

    private static TcpChainModel Chain(FilterChain chain, FieldPath at)
    {
        var match = chain.FilterChainMatch ?? new FilterChainMatch();
        CheckMatch(match, at.At("filter_chain_match"));
        if (chain.TransportSocket is not null)
        {
            throw new UnusableResourceException(at.At("transport_socket"), "is not supported here");
        }

        var read = ListenerReader.Chain(chain, at);
        if (read.Bytes is not { } bytes || !read.Authorization.IsEmpty)
        {
            throw new UnusableResourceException(at.At("filters"), "must be a TCP proxy alone");
        }

        return new TcpChainModel
        {
            Clusters = bytes.Clusters,
            Relay = bytes.Relay,
            ServerNames = [.. match.ServerNames.Select(name => name.ToLowerInvariant())],
            Networks = Networks(match.PrefixRanges, at.At("filter_chain_match").At("prefix_ranges")),
            Sources = Networks(match.SourcePrefixRanges, at.At("filter_chain_match").At("source_prefix_ranges")),
        };
    }

    private static ImmutableArray<IPNetwork> Networks(IEnumerable<CidrRange> ranges, FieldPath at) =>
        [.. ranges.Select((range, i) => CoreReader.Network(range, at.At(i)))];

    private static void CheckMatch(FilterChainMatch match, FieldPath at)
    {
        var extra = match.SourcePorts.Count > 0 ? "source_ports"
            : match.DestinationPort is > 0 ? "destination_port"
            : match.SourceType is not FilterChainMatch.Types.ConnectionSourceType.Any ? "source_type"
            : match.TransportProtocol.Length > 0 ? "transport_protocol"
            : match.ApplicationProtocols.Count > 0 ? "application_protocols"
            : null;
        if (extra is not null) throw new UnusableResourceException(at.At(extra), "is not supported");
    }
}
