using System.Collections.Immutable;
using System.Net;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>What one listener contributes to the model. A closed set.</summary>
internal abstract record ListenerTemplate
{
    private ListenerTemplate()
    {
    }

    /// <summary>Calls of the application to one service port.</summary>
    /// <param name="Http">How they are routed.</param>
    /// <param name="Port">The port that the caller's authority names.</param>
    public sealed record Outbound(HttpTemplate Http, int Port) : ListenerTemplate;

    /// <summary>Calls of the application that no other listener knows.</summary>
    /// <param name="Policy">What becomes of them.</param>
    /// <param name="IsOnDemand">Their hosts are asked for before that.</param>
    public sealed record CatchAll(OutboundPolicy Policy, bool IsOnDemand) : ListenerTemplate;

    /// <summary>Connections of the application to one port of a service, carried as bytes.</summary>
    public sealed record Tcp(TcpServiceModel Service) : ListenerTemplate;

    /// <summary>Connections from outside the mesh, taken by a gateway.</summary>
    /// <param name="Address">Where it listens.</param>
    /// <param name="Chains">What becomes of them.</param>
    public sealed record Edge(IPEndPoint Address, ImmutableArray<EdgeChainTemplate> Chains) : ListenerTemplate;

    /// <summary>Calls to the application.</summary>
    public sealed record Inbound(ImmutableArray<InboundTemplate> Ports) : ListenerTemplate;
}

/// <summary>An inbound port; its routes may still have to come by RDS.</summary>
/// <param name="Model">The port, without routes.</param>
/// <param name="Http">How it is routed; null when it relays bytes.</param>
internal sealed record InboundTemplate(InboundPortModel Model, HttpTemplate? Http);

/// <summary><c>Listener</c> to its part of the model.</summary>
internal static class ListenerReader
{
    private static readonly string HcmType = Proto.Hcm.HttpConnectionManager.Descriptor.FullName;
    private static readonly string TcpType = Proto.TcpProxy.TcpProxy.Descriptor.FullName;
    private static readonly string RbacType = Proto.NetworkRbac.RBAC.Descriptor.FullName;

    public static ListenerTemplate Read(Proto.Listener.Listener listener, FieldPath at) =>
        listener.TrafficDirection switch
    {
        Proto.Core.TrafficDirection.Outbound => EdgeReader.IsEdge(listener)
            ? EdgeReader.Read(listener, at)
            : Outbound(listener, at),
        Proto.Core.TrafficDirection.Inbound => new ListenerTemplate.Inbound(InboundReader.Ports(listener, at)),
        _ => throw new UnusableResourceException(at.At("traffic_direction"), "must be INBOUND or OUTBOUND"),
    };

    /// <summary>The filters of one chain: HTTP, or a relay of bytes.</summary>
    public static ChainTemplate Chain(Proto.Listener.FilterChain chain, FieldPath at)
    {
        var authorization = ImmutableArray.CreateBuilder<AuthorizationFilter>();
        foreach (var (i, filter) in chain.Filters.Index())
        {
            var here = at.At("filters").At(i).At("typed_config");
            if (filter.TypedConfig is not { } any) throw new UnusableResourceException(here, "is required");
            var type = Any.GetTypeName(any.TypeUrl);
            if (type == RbacType)
            {
                var rbac = CoreReader.Unpack<Proto.NetworkRbac.RBAC>(any, here);
                authorization.Add(RbacReader.Filter(rbac.Rules, rbac.ShadowRules, here));
                continue;
            }

            if (i < chain.Filters.Count - 1)
            {
                throw new UnusableResourceException(here, $"{any.TypeUrl} must be the last filter");
            }

            if (type == HcmType)
            {
                return new ChainTemplate(
                    HttpReader.Read(
                        CoreReader.Unpack<Proto.Hcm.HttpConnectionManager>(any, here), authorization, here), null, []);
            }

            if (type == TcpType)
            {
                var relay = TcpProxyReader.Read(CoreReader.Unpack<Proto.TcpProxy.TcpProxy>(any, here), here);
                return new ChainTemplate(null, relay, authorization.ToImmutable());
            }

            throw new UnusableResourceException(here, $"{any.TypeUrl} is not supported");
        }

        throw new UnusableResourceException(at.At("filters"), "has neither an HTTP connection manager nor a TCP proxy");
    }

    private static ListenerTemplate Outbound(Proto.Listener.Listener listener, FieldPath at)
    {
        if (TcpServiceReader.IsService(listener)) return TcpServiceReader.Read(listener, at);
        if (TcpServiceReader.IsShared(listener)) return TcpServiceReader.ReadShared(listener, at);
        var (_, port) = CoreReader.Socket(listener.Address, at.At("address"));
        var chains = listener.FilterChains.Count > 0 ? listener.FilterChains.ToList()
            : listener.DefaultFilterChain is { } only ? [only] : [];
        if (chains.Count != 1)
        {
            throw new UnusableResourceException(at.At("filter_chains"), $"has {chains.Count} where one is supported");
        }

        if (chains[0].TransportSocket is not null)
        {
            throw new UnusableResourceException(
                at.At("filter_chains").At(0).At("transport_socket"), "is not supported here");
        }

        var chain = Chain(chains[0], at.At("filter_chains").At(0));
        if (chain.Http is { } http) return new ListenerTemplate.Outbound(http, port);
        var isOnDemand = chains[0].Name == Proto.OnDemand.Name;
        return chain.TcpCluster switch
        {
            UnknownHostRoutes.PassthroughCluster => new ListenerTemplate.CatchAll(OutboundPolicy.AllowAny, isOnDemand),
            UnknownHostRoutes.BlackHoleCluster => new ListenerTemplate.CatchAll(OutboundPolicy.RegistryOnly, isOnDemand),
            _ =>
                throw new UnusableResourceException(
                    at.At("filter_chains"), $"an outbound TCP proxy to '{chain.TcpCluster}' is not supported"),
        };
    }
}

/// <summary>One chain of filters.</summary>
/// <param name="Http">For HTTP.</param>
/// <param name="Bytes">For a relay of bytes: where they go.</param>
/// <param name="Authorization">For a relay of bytes: who may.</param>
internal sealed record ChainTemplate(
    HttpTemplate? Http, TcpProxyTemplate? Bytes, ImmutableArray<AuthorizationFilter> Authorization)
{
    /// <summary>The one cluster of a relay; empty for HTTP, and where there are several.</summary>
    public string TcpCluster => Bytes?.OnlyCluster ?? "";
}
