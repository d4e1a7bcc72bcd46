using MeshOrleans.Model;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Upstream;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>What the connections of all edge listeners share.</summary>
internal sealed record EdgeServices(
    InboundServices Common, IEdgeCredentials Credentials, UpstreamConnector Connector, IRandomSource Random);
