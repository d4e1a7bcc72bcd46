using System.Net;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>What is known about one connection that came from outside. Hangs in its features.</summary>
internal sealed class EdgeConnection(EdgeSocket socket, ConnectionContext connection)
    : InboundConnection(((IPEndPoint)socket.EndPoint).Port, connection)
{
    private IConnectionLifetimeNotificationFeature? _lifetime;
    private int _isRetired;

    public EdgeSocket Socket => socket;

    /// <summary>The chain that has taken it, as it was then.</summary>
    public EdgeChainModel? Chain { get; set; }

    /// <summary>The address that it comes from, as headers write it.</summary>
    public string ClientAddress { get; } = Write((connection.RemoteEndPoint as IPEndPoint)?.Address);

    /// <summary>
    /// The chain as a model has it, or as it was where the model has none any more: what was accepted is served.
    /// </summary>
    public EdgeChainModel? ChainOf(ProxyModel model) => Chain is null ? null
        : model.Edge.GetValueOrDefault(socket.Name)?.Find(Chain.Name) ?? Chain;

    /// <inheritdoc/>
    public override string RevokedFileIn(ProxyModel model) => ChainOf(model)?.Tls?.Roots?.RevokedFile ?? "";

    /// <summary>Whether a chain demands certificates of its clients, by other rules than those under which this one came.</summary>
    public bool IsStricter(EdgeChainModel now) =>
        !ReferenceEquals(now, Chain)
        && now.Tls is { Demand: ClientCertificateDemand.Required } demanding
        && demanding.Key != Chain?.Tls?.Key;

    /// <inheritdoc/>
    public override string? FindFault(ProxyModel model)
    {
        var chain = ChainOf(model)!;
        var isAllowed = chain.Tls is { IsMesh: true } mesh && Chain!.Tls is { IsMesh: true }
            ? mesh.AllowedNames.IsEmpty || mesh.AllowedNames.Contains(Caller.PeerId)
            : !IsStricter(chain);
        return isAllowed ? FindFault(chain.Authorization) : "the server does not take such clients any more";
    }

    /// <summary>Kestrel serves it from now on, and can be asked to end it.</summary>
    public void Begin()
    {
        Interlocked.Exchange(ref _lifetime, Connection.Features.Get<IConnectionLifetimeNotificationFeature>());
        if (Volatile.Read(ref _isRetired) == 1) _lifetime?.RequestClose();
    }

    public void End() => socket.Exit(this);

    /// <summary>Asks for its end: what is in flight is finished, and the client is told to send no more.</summary>
    public void Retire()
    {
        Interlocked.Exchange(ref _isRetired, 1); // before the look, as the other side writes before its own
        Volatile.Read(ref _lifetime)?.RequestClose();
    }

    private static string Write(IPAddress? address) =>
        address is null ? "" : address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString() : address.ToString();
}
