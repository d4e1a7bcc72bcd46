using System.Collections.Immutable;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Translation.Clusters;
using MeshOrleans.Xds.Translation.Routes;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Proxyless;

/// <summary>A service port that can be dialled.</summary>
/// <param name="Service">The service.</param>
/// <param name="Port">Its port.</param>
/// <param name="Domains">The names that are its own on this port, each alone and with the port.</param>
internal sealed record ProxylessTarget(Service Service, int Port, IReadOnlyList<string> Domains)
{
    /// <summary>The cluster of the whole service, which is also the name of its route table.</summary>
    public string Name => ClusterName.Outbound(Service.Host, Port);

    /// <summary>What is written behind <c>xds:///</c>.</summary>
    public IEnumerable<string> DialNames => Domains.Where(domain =>
        domain[0] != '*'
        && domain.EndsWith($":{Port}", StringComparison.Ordinal)
        && !domain.EndsWith($".:{Port}", StringComparison.Ordinal));

    /// <summary>
    /// All of a view, in fixed order. A name belongs to one service only, full names before short ones; a wildcard
    /// cannot be dialled.
    /// </summary>
    public static ImmutableArray<ProxylessTarget> Of(ProxyView view)
    {
        var targets = ImmutableArray.CreateBuilder<ProxylessTarget>();
        foreach (var port in RouteTranslator.Ports(view))
        {
            var claims = new DomainClaims(port);
            var services = view.Services
                .Where(s => s.Host[0] != '*' && s.FindPort(port)?.Protocol.IsHttp() is true)
                .ToList();
            foreach (var service in services) claims.Claim(service.Host, [service.Host]);
            foreach (var service in services)
            {
                claims.Claim(service.Host, VirtualHostDomains.NamesOf(service, view.Scope.Namespace));
            }

            targets.AddRange(services.Select(s => new ProxylessTarget(s, port, claims.Of(s.Host))));
        }

        return targets.DrainToImmutable();
    }
}
