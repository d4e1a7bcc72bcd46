using MeshOrleans.Grains.Subscriptions;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Xds.Gateway.Status;

/// <summary>What this gateway process says of itself.</summary>
internal sealed class GatewaySelf(GatewayName name, IOptions<GatewayAddresses> addresses, GatewayStatus status)
{
    public string Name => name.Value;

    public GatewayBeat Describe() => new(Name, addresses.Value.Xds(), addresses.Value.Api(), status.Count);
}
