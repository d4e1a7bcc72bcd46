using System.Collections.Immutable;
using MeshOrleans.Model.Config;

namespace MeshOrleans.Model.Routing.GatewayApi;

/// <summary>Entries of a VirtualService as they count at some ports only; null when they count at none of them.</summary>
internal static class PortLimits
{
    public static HttpRoute? To(HttpRoute route, ImmutableSortedSet<int> ports)
    {
        var matches = route.Match.IsEmpty ? [new HttpMatch()] : route.Match;
        ImmutableArray<HttpMatch> limited =
        [
            .. from match in matches
               from port in ports
               where match.Port is not { } own || own == port
               select match with { Port = port },
        ];
        return limited.IsEmpty ? null : route with { Match = limited };
    }

    /// <remarks>Without a condition a route of TLS takes nothing.</remarks>
    public static TlsRoute? To(TlsRoute route, ImmutableSortedSet<int> ports) =>
        Limited(route.Match, ports) is { IsEmpty: false } match ? route with { Match = match } : null;

    public static TcpRoute? To(TcpRoute route, ImmutableSortedSet<int> ports) =>
        Limited(route.Match.IsEmpty ? [new L4Match()] : route.Match, ports) is { IsEmpty: false } match
            ? route with { Match = match }
            : null;

    private static ImmutableArray<L4Match> Limited(ImmutableArray<L4Match> matches, ImmutableSortedSet<int> ports) =>
    [
        .. from match in matches
           from port in ports
           where match.Port is not { } own || own == port
           select match with { Port = port },
    ];
}
