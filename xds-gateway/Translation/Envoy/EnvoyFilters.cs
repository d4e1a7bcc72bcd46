using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Inspector;
using MeshOrleans.Xds.Protocol.Listener;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Listeners;

namespace MeshOrleans.Xds.Translation.Envoy;

/// <summary>What looks at a connection before its chain is chosen.</summary>
internal static class EnvoyFilters
{
    /// <summary>How long a client may say nothing until its connection counts as neither TLS nor HTTP.</summary>
    private static readonly Duration Patience = new() { Seconds = 5 };

    public static ListenerFilter OriginalDst() => Filter(FilterNames.OriginalDst, new OriginalDst());

    public static ListenerFilter TlsInspector() => Filter(FilterNames.TlsInspector, new TlsInspector());

    public static ListenerFilter HttpInspector() => Filter(FilterNames.HttpInspector, new HttpInspector());

    /// <summary>
    /// Protocols in which the server speaks first would otherwise be closed for the client's silence.
    /// </summary>
    public static void SetPatience(Listener listener)
    {
        listener.ListenerFiltersTimeout = Patience;
        listener.ContinueOnListenerFiltersTimeout = true;
    }

    /// <summary>
    /// The chain of connections that were meant for the port of redirection itself: forwarding them would be a loop.
    /// </summary>
    public static FilterChain BlackHole(string listener, int port) => new()
    {
        Name = $"{listener}-blackhole",
        FilterChainMatch = new FilterChainMatch { DestinationPort = (uint)port },
        Filters = { ListenerTranslator.Tcp(ClusterName.BlackHole) },
    };

    private static ListenerFilter Filter(string name, IMessage settings) =>
        new() { Name = name, TypedConfig = Any.Pack(settings) };
}
