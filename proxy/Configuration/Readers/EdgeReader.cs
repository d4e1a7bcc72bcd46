using System.Collections.Immutable;
using System.Net;
using System.Text;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Xds.Protocol.Listener;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>An edge chain; its routes may still have to come by RDS.</summary>
/// <param name="Model">The chain, without routes.</param>
/// <param name="Http">How it is routed; null when it relays bytes.</param>
internal sealed record EdgeChainTemplate(EdgeChainModel Model, HttpTemplate? Http);

/// <summary>
/// The listeners of a gateway: those that are bound to their own port and take what comes from outside.
/// </summary>
internal static class EdgeReader
{
    private const string Tls = "tls";

    /// <summary>
    /// Whether a listener is one: those of a sidecar are handed their calls by the port that is called, or take what is
    /// redirected to them.
    /// </summary>
    public static bool IsEdge(Listener listener) =>
        listener.BindToPort is not false && listener.UseOriginalDst is not true;

    public static ListenerTemplate.Edge Read(Listener listener, FieldPath at)
    {
        var (address, port) = CoreReader.Socket(listener.Address, at.At("address"));
        ImmutableArray<EdgeChainTemplate> chains =
        [
            .. listener.FilterChains.Select((chain, i) => Chain(chain, at.At("filter_chains").At(i))),
            .. listener.DefaultFilterChain is { } last ? [Chain(last, at.At("default_filter_chain"))]
                : Array.Empty<EdgeChainTemplate>(),
        ];

        // what cannot be told apart is refused now, and not when its routes have come
        CoreReader.Build(
            at.At("filter_chains"), () => new EdgeListenerModel(
                listener.Name, new IPEndPoint(address, port), [.. chains.Select(chain => chain.Model)]));
        return new ListenerTemplate.Edge(new IPEndPoint(address, port), chains);
    }

    private static EdgeChainTemplate Chain(FilterChain chain, FieldPath at)
    {
        var match = chain.FilterChainMatch ?? new FilterChainMatch();
        CheckMatch(match, at.At("filter_chain_match"));
        var read = ListenerReader.Chain(chain, at);
        var tls = chain.TransportSocket is { } socket
            ? EdgeTlsReader.Read(socket, read.Http is not null, at.At("transport_socket"))
            : null;
        var model = new EdgeChainModel
        {
            Name = chain.Name,
            ServerNames = [.. match.ServerNames],
            IsTls = tls is not null || match.TransportProtocol == Tls || match.ServerNames.Count > 0,
            IsForMesh = match.ApplicationProtocols.Count > 0,
            Tls = tls,
            Clusters = read.Bytes?.Clusters,
            Relay = read.Bytes?.Relay ?? RelayModel.Default,
            Routes = read.Http is null ? null : RouteTableModel.Empty,
            PathNormalization = read.Http?.Normalization ?? PathNormalizationMode.Base,
            Authorizer = read.Http?.Authorizer,
            TrustedHops = read.Http?.TrustedHops ?? 0,
            Tokens = read.Http?.Tokens ?? TokenAuthentication.Nothing,
            Authorization = read.Http is { } http ? http.Authorization
                : read.Authorization.IsEmpty ? AuthorizationModel.AllowAll
                : new AuthorizationModel(read.Authorization),
            RateLimits = read.Http?.RateLimits ?? [],
        };
        if (read.Http is not null && model.IsTls && tls is null)
        {
            throw new UnusableResourceException(at.At("filters"), "HTTP cannot be read in TLS that goes through");
        }

        return new EdgeChainTemplate(model, read.Http);
    }

    private static void CheckMatch(FilterChainMatch match, FieldPath at)
    {
        var extra = match.PrefixRanges.Count > 0 ? "prefix_ranges"
            : match.SourcePrefixRanges.Count > 0 ? "source_prefix_ranges"
            : match.SourcePorts.Count > 0 ? "source_ports"
            : match.DestinationPort is > 0 ? "destination_port"
            : match.SourceType is not FilterChainMatch.Types.ConnectionSourceType.Any ? "source_type"
            : match.TransportProtocol is not ("" or Tls) ? "transport_protocol"
            : match.ApplicationProtocols.Any(p => !MeshAlpn.IsMesh(Encoding.UTF8.GetBytes(p))) ? "application_protocols"
            : null;
        if (extra is not null) throw new UnusableResourceException(at.At(extra), "is not supported");
    }
}
