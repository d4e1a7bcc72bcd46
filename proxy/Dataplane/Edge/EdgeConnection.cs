using System.Net;
using MeshOrleans.Proxy.Dataplane.Inbound;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace MeshOrleans.Proxy.Dataplane.Edge;

/// <summary>What is known about one connection that came from outside. Hangs in its features.</summary>
internal sealed class EdgeConnection(EdgeSocket socket, ConnectionContext connection)
    : InboundConnection(((IPEndPoint)socket.EndPoint).Port)
{
    private IConnectionLifetimeNotificationFeature? _lifetime;
    private int _isRetired;

    public EdgeSocket Socket => socket;

    /// <summary>The chain that has taken it, as it was then.</summary>
    public EdgeChainModel? Chain { get; set; }

    /// <summary>What the client was checked by and has shown; null where it was not asked, or is one of the mesh.</summary>
    public ShownChain? Shown { get; set; }

    /// <summary>The address that it comes from, as headers write it.</summary>
    public string ClientAddress { get; } = Write((connection.RemoteEndPoint as IPEndPoint)?.Address);

    /// <summary>
    /// The chain as a model has it, or as it was where the model has none any more: what was accepted is served.
    /// </summary>
    public EdgeChainModel? ChainOf(ProxyModel model) => Chain is null ? null
        : model.Edge.GetValueOrDefault(socket.Name)?.Find(Chain.Name) ?? Chain;

    /// <summary>Kestrel serves it from now on, and can be asked to end it.</summary>
    public void Begin()
    {
        Interlocked.Exchange(ref _lifetime, connection.Features.Get<IConnectionLifetimeNotificationFeature>());
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
