using System.Net;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Protocol.Hcm;
using MeshOrleans.Xds.Protocol.Inspector;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Protocol.Router;
using MeshOrleans.Xds.Protocol.TcpProxy;
using MeshOrleans.Xds.Protocol.Tls;
using MeshOrleans.Xds.Translation.Listeners;

namespace MeshOrleans.Xds.Translation.Checks;

/// <summary>
/// Checks listeners as an Envoy does: addresses, what looks at a connection first, and the filters of chains.
/// </summary>
internal static class EnvoyListenerCheck
{
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        [FilterNames.OriginalDst] = TypeUrls.Of(OriginalDst.Descriptor),
        [FilterNames.TlsInspector] = TypeUrls.Of(TlsInspector.Descriptor),
        [FilterNames.HttpInspector] = TypeUrls.Of(HttpInspector.Descriptor),
        [FilterNames.HttpConnectionManager] = TypeUrls.Of(HttpConnectionManager.Descriptor),
        [FilterNames.TcpProxy] = TypeUrls.Of(TcpProxy.Descriptor),
        [FilterNames.NetworkRbac] = TypeUrls.Of(Protocol.NetworkRbac.RBAC.Descriptor),
        [FilterNames.Rbac] = TypeUrls.Of(Protocol.HttpRbac.RBAC.Descriptor),
        [FilterNames.ExtAuthz] = TypeUrls.Of(Protocol.ExtAuthz.ExtAuthz.Descriptor),
        [FilterNames.Jwt] = TypeUrls.Of(Protocol.Jwt.JwtAuthentication.Descriptor),
        [FilterNames.Fault] = TypeUrls.Of(Protocol.Fault.HTTPFault.Descriptor),
        [FilterNames.Cors] = TypeUrls.Of(Protocol.Cors.Cors.Descriptor),
        [FilterNames.HeaderToMetadata] = TypeUrls.Of(Protocol.HeaderMetadata.Config.Descriptor),
        [FilterNames.Router] = TypeUrls.Of(Router.Descriptor),
    };

    public static void Check(List<Listener> listeners, List<string> faults)
    {
        var addresses = new HashSet<string>(StringComparer.Ordinal);
        foreach (var listener in listeners)
        {
            var socket = listener.Address.SocketAddress;
            if (!IPAddress.TryParse(socket.Address, out _))
            {
                faults.Add($"{listener.Name}: {socket.Address} is no address.");
            }

            if (socket.PortValue is 0 or > 65535) faults.Add($"{listener.Name}: port {socket.PortValue}.");
            if (!addresses.Add($"{socket.Address} {socket.PortValue}"))
            {
                faults.Add($"{listener.Name}: another listener has its address.");
            }

            CheckInspectors(listener, faults);
            FilterChainCheck.Check(listener, faults);
            foreach (var chain in listener.FilterChains.Append(listener.DefaultFilterChain).OfType<FilterChain>())
            {
                Check($"{listener.Name}/{chain.Name}", chain, faults);
            }
        }

        var hasUnbound = listeners.Any(l => l.BindToPort is false);
        if (hasUnbound && !listeners.Any(l => l.UseOriginalDst is true && l.BindToPort is not false))
        {
            faults.Add("Nobody hands connections to listeners that are not bound.");
        }
    }

    private static void CheckInspectors(Listener listener, List<string> faults)
    {
        foreach (var filter in listener.ListenerFilters)
        {
            CheckType(listener.Name, filter.Name, filter.TypedConfig.TypeUrl, faults);
        }

        var names = listener.ListenerFilters.Select(f => f.Name).ToList();
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            faults.Add($"{listener.Name}: a listener filter comes twice.");
        }

        var matches = listener.FilterChains.Select(c => c.FilterChainMatch).OfType<FilterChainMatch>().ToList();
        var asksTls = matches.Any(m =>
            m.ServerNames.Count > 0 || m.TransportProtocol.Length > 0 || m.ApplicationProtocols.Count > 0);
        if (asksTls && !names.Contains(FilterNames.TlsInspector))
        {
            faults.Add($"{listener.Name} asks for TLS and does not look.");
        }

        var asksHttp = matches.Any(m => m is { TransportProtocol: "raw_buffer", ApplicationProtocols.Count: > 0 });
        if (asksHttp && !names.Contains(FilterNames.HttpInspector))
        {
            faults.Add($"{listener.Name} asks for HTTP and does not look.");
        }

        var asksPort = matches.Any(m => m.DestinationPort is not null);
        if (asksPort && listener.UseOriginalDst is not true && !names.Contains(FilterNames.OriginalDst))
        {
            faults.Add($"{listener.Name} asks for the port that was meant and does not look.");
        }

        if (names.Contains(FilterNames.TlsInspector) && !listener.ContinueOnListenerFiltersTimeout)
        {
            faults.Add($"{listener.Name} closes clients that wait for the server's first word.");
        }
    }

    private static void Check(string where, FilterChain chain, List<string> faults)
    {
        foreach (var (i, filter) in chain.Filters.Index())
        {
            CheckType(where, filter.Name, filter.TypedConfig.TypeUrl, faults);
            var isTerminal = filter.Name is FilterNames.HttpConnectionManager or FilterNames.TcpProxy;
            if (isTerminal != (i == chain.Filters.Count - 1))
            {
                faults.Add($"{where}: {filter.Name} is in the wrong place.");
            }

            if (filter.TypedConfig.TryUnpack<HttpConnectionManager>(out var manager)) Check(where, manager, faults);
            if (filter.TypedConfig.TryUnpack<TcpProxy>(out var tcp)) Check(where, tcp, faults);
        }

        if (chain.TransportSocket is not { } socket) return;
        if (!socket.TypedConfig.TryUnpack<DownstreamTlsContext>(out var tls))
        {
            faults.Add($"{where}: {socket.TypedConfig.TypeUrl} is no server's TLS.");
            return;
        }

        EnvoyTlsCheck.Check(where, tls.CommonTlsContext, faults);
        var common = tls.CommonTlsContext;
        if (common.TlsCertificates.Count + common.TlsCertificateSdsSecretConfigs.Count == 0)
        {
            faults.Add($"{where}: a server without certificate.");
        }

        var hasRoots = common.ValidationContext?.TrustedCa is not null || common.CombinedValidationContext is not null;
        if (tls.RequireClientCertificate is true && !hasRoots)
        {
            faults.Add($"{where}: clients must have a certificate that nobody can check.");
        }
    }

    private static void Check(string where, HttpConnectionManager manager, List<string> faults)
    {
        foreach (var (i, filter) in manager.HttpFilters.Index())
        {
            CheckType(where, filter.Name, filter.TypedConfig.TypeUrl, faults);
            if (filter.TypedConfig.Is(Router.Descriptor) != (i == manager.HttpFilters.Count - 1))
            {
                faults.Add($"{where}: {filter.Name} is in the wrong place.");
            }
        }

        if (manager.RouteConfig is { } table) EnvoyRouteCheck.Check(table, faults);
        if (manager.Rds is not { } rds) return;
        if (rds.RouteConfigName.Length == 0) faults.Add($"{where}: its routes have no name.");
        if (rds.ConfigSource?.Ads is null || rds.ConfigSource.InitialFetchTimeout is not { Seconds: > 0 })
        {
            faults.Add($"{where} would wait for its routes for ever.");
        }
    }

    private static void Check(string where, TcpProxy tcp, List<string> faults)
    {
        if (tcp.ClusterSpecifierCase is TcpProxy.ClusterSpecifierOneofCase.None)
        {
            faults.Add($"{where} forwards nowhere.");
        }

        if (tcp.MaxDownstreamConnectionDuration?.ToTimeSpan() < TimeSpan.FromMilliseconds(1))
        {
            faults.Add($"{where}: its connections may last for less than a millisecond.");
        }

        if (tcp.WeightedClusters is not { } weighted) return;
        if (weighted.Clusters.Count == 0 || weighted.Clusters.Any(c => c.Weight == 0 || c.Name.Length == 0))
        {
            faults.Add($"{where}: a weighted cluster without weight or name.");
        }
    }

    private static void CheckType(string where, string name, string typeUrl, List<string> faults)
    {
        if (Types.GetValueOrDefault(name) != typeUrl) faults.Add($"{where}: no filter {name} takes {typeUrl}.");
    }
}
