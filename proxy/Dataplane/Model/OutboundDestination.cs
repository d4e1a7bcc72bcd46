using System.Net;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>Whose a connection is by the place where it wants to go, before its first byte.</summary>
/// <param name="Service">The service of its name or address whose connections are carried as bytes; null for none.</param>
/// <param name="Shared">
/// What the services without an address of their own make of an address that is nobody's; null for nothing.
/// </param>
/// <param name="Requests">Who takes requests that name that place; null for nobody who is known.</param>
public readonly record struct OutboundDestination(
    TcpServiceModel? Service, TcpServiceModel? Shared, VirtualHostModel? Requests)
{
    /// <summary>
    /// What becomes of a connection that turns out to carry no requests, where nobody has declared what is spoken there; else null.
    /// </summary>
    public TcpChainModel? Undeclared { get; private init; }

    /// <summary>Who is asked what becomes of bytes; null when nobody is known, and where that is said already.</summary>
    public TcpServiceModel? Bytes => Undeclared is null ? Service ?? Shared : null;

    /// <summary>Finds out whose a connection is.</summary>
    /// <param name="model">What the caller's proxy knows.</param>
    /// <param name="host">A name in lower case, or a literal address without brackets.</param>
    /// <param name="address">The same where that is a literal; else null.</param>
    /// <param name="port">The port that is called.</param>
    public static OutboundDestination Of(ProxyModel model, string host, IPAddress? address, int port)
    {
        var found = Find(model, host, address, port);
        return found is { Service: null, Requests: { } requests }
            ? found with { Undeclared = model.Outbound[port].Bytes.GetValueOrDefault(requests.Name) }
            : found;
    }

    /// <summary>Who takes requests that name a place; null for nobody who is known.</summary>
    /// <param name="model">What the caller's proxy knows.</param>
    /// <param name="host">A name in lower case, or a literal address without brackets.</param>
    /// <param name="port">The port that is called.</param>
    public static VirtualHostModel? FindRequests(ProxyModel model, string host, int port)
    {
        if (!model.Outbound.TryGetValue(port, out var listener)) return null;
        var name = host.Contains(':') ? $"[{host}]" : host;

        // the host of last resort stands for all that nobody knows
        return listener.Routes.FindHost(name) is { IsOnDemand: false } found && !found.Domains.Contains("*") ? found : null;
    }

    private static OutboundDestination Find(ProxyModel model, string host, IPAddress? address, int port)
    {
        var service = model.OutboundTcp.Find(host, port);
        var requests = FindRequests(model, host, port);
        if (service is not null || address is null) return new(service, null, requests);
        service = FindByMember(model, host, port);
        if (service is not null) return new(service, null, requests);
        var shared = FindShared(model, address, port);
        return new(shared?.HasNetworkOf(address) is true ? shared : null, shared, requests);
    }

    // Who has no virtual address is known by the addresses of its members.
    private static TcpServiceModel? FindByMember(ProxyModel model, string address, int port)
    {
        foreach (var service in model.OutboundTcp.At(port))
        {
            if (service.Address is not null || !model.Clusters.TryGetValue(service.OwnCluster, out var own)) continue;
            foreach (var member in own.Endpoints)
            {
                if (member.Address == address) return service;
            }
        }

        return null;
    }

    private static TcpServiceModel? FindShared(ProxyModel model, IPAddress address, int port) =>
        model.OutboundTcp.SharedAt(port) is { } shared && shared.MayTake(address) ? shared : null;
}
