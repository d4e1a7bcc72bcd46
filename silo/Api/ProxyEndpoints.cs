using System.Collections.Immutable;
using System.Text.Json;
using Google.Protobuf;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Subscriptions;
using MeshOrleans.Silo.Access;
using MeshOrleans.Xds.Gateway;
using MeshOrleans.Xds.Gateway.Status;
using MeshOrleans.Xds.Protocol;
using MeshOrleans.Xds.Translation.Resources;

namespace MeshOrleans.Silo.Api;

/// <summary><c>/v1/proxies</c>: what every proxy holds, refused or still waits for.</summary>
internal static class ProxyEndpoints
{
    private const string ResourcesSuffix = "/resources";

    private static readonly JsonFormatter Json = new(
        JsonFormatter.Settings.Default.WithTypeRegistry(XdsTypes.Registry));

    public static void MapProxies(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/proxies", ListAsync).RequireRole(Role.Viewer);
        routes.MapGet("/v1/proxies/{**id}", FindAsync).RequireRole(Role.Viewer);
    }

    private static async Task<IResult> ListAsync(HttpContext context, IGrainFactory grains)
    {
        var gateways = await GatewaysAsync(grains, context.RequestAborted);
        var shares = await Task.WhenAll(ProxyShares.Keys.Select(key =>
            grains.GetGrain<IProxySubscriptionGrain>(key).ListAsync(context.RequestAborted)));
        var rows = shares
            .SelectMany(share => share)
            .Where(view => context.Rights().Sees(view.Connection.Namespace))
            .OrderBy(view => view.NodeId, StringComparer.Ordinal)
            .ThenBy(view => view.Connection.SpiffeId, StringComparer.Ordinal)
            .Select(view => RowOf(ProxyLiveness.Of(view, gateways)));
        return Results.Json(rows, ApiJson.Options);
    }

    private static async Task<IResult> FindAsync(
        HttpContext context,
        IGrainFactory grains,
        GatewayStatus gateway,
        GatewayName self,
        string id,
        string? spiffeId)
    {
        id = Uri.UnescapeDataString(id);
        var isOfResources = id.EndsWith(ResourcesSuffix, StringComparison.Ordinal);
        if (isOfResources) id = id[..^ResourcesSuffix.Length];
        var wanted = new WantedProxy(id, spiffeId, context.Rights());

        // Only the process that holds a stream knows what it was sent, and needs nobody in order to say so.
        if (isOfResources && wanted.Among(gateway.Find(id, context.Rights().Sees)) is var here and not WantedProxy.Choice.Nobody)
        {
            return here is WantedProxy.Choice.One(var open)
                && gateway.FindResources(new ProxyKey(open.Connection.SpiffeId, id), context.Rights().Sees) is { } resources
                    ? Contents(resources)
                    : Refuse(here, wanted, isOfResources);
        }

        var gateways = await GatewaysAsync(grains, context.RequestAborted);
        var share = await grains.GetGrain<IProxySubscriptionGrain>(ProxyShares.KeyOf(id)).ListAsync(context.RequestAborted);
        return wanted.Among(share.Where(view => view.NodeId == id).Select(view => ProxyLiveness.Of(view, gateways))) switch
        {
            WantedProxy.Choice.One(var view) when !isOfResources => Results.Json(RowOf(view), ApiJson.Options),
            WantedProxy.Choice.One({ Connected: true } view) when view.Connection.Gateway != self.Value =>
                Elsewhere(view, gateways),
            var other => Refuse(other, wanted, isOfResources),
        };
    }

    private static IResult Refuse(WantedProxy.Choice choice, WantedProxy wanted, bool isOfResources) => choice switch
    {
        WantedProxy.Choice.Several(var identities) => Problems.Conflict(
            $"'{wanted.NodeId}' is what several connected proxies call themselves: {string.Join(", ", identities)}. "
            + "Say whose is meant: ?spiffeId=, or meshctl proxy-status --identity (empty for one without an identity)."),
        _ when isOfResources => Problems.NotFound($"No proxy '{wanted.NodeId}' is connected to this gateway."),
        _ => Problems.NotFound($"No proxy '{wanted.NodeId}' ever connected."),
    };

    private static IResult Elsewhere(ProxyView view, GatewayListing gateways)
    {
        var name = view.Connection.Gateway;
        var address = gateways.Find(name)?.Beat.ApiAddress is { Length: > 0 } api ? $" at {api}" : "";
        return Problems.Misdirected(
            $"Proxy '{view.NodeId}' is connected to gateway '{name}'{address}; only that one can tell.");
    }

    private static IResult Contents(ResourceSet resources)
    {
        var groups = resources.Groups.Select(group =>
        {
            var all = group.Resources.Select(r =>
                $"{{\"name\":{JsonSerializer.Serialize(r.Name)},\"version\":\"{r.Version}\",\"resource\":{Json.Format(r.ToAny())}}}");
            return $"{{\"typeUrl\":\"{group.TypeUrl}\",\"version\":\"{group.VersionInfo}\",\"resources\":[{string.Join(',', all)}]}}";
        });
        return Results.Text($"[{string.Join(',', groups)}]", "application/json");
    }

    private static Task<GatewayListing> GatewaysAsync(IGrainFactory grains, CancellationToken cancellationToken) =>
        grains.GetGrain<IGatewayDirectoryGrain>(MeshKeys.Default).ListAsync(cancellationToken);

    private static ProxyRow RowOf(ProxyView view) => new(
        view.NodeId,
        view.Connection.Namespace,
        view.Connection.SpiffeId,
        view.Connection.Address,
        view.Connection.Gateway,
        view.Connection.UserAgent,
        Status(view),
        view.Since,
        [.. view.Types.Select(t => new TypeRow(
            t.TypeUrl[(t.TypeUrl.LastIndexOf('.') + 1)..],
            t.TypeUrl,
            t.State.ToString().ToUpperInvariant(),
            t.SentVersion,
            t.AckedVersion,
            t.Revision,
            t.NackMessage,
            t.Since))],
        view.Scope?.Hosts);

    // The worst of its types speaks for the proxy.
    private static string Status(ProxyView view) =>
        !view.Connected ? "DISCONNECTED"
        : view.Types.Any(t => t.State is SubscriptionState.Nacked) ? "NACKED"
        : view.Types.IsEmpty || view.Types.Any(t => t.State is SubscriptionState.Pending) ? "PENDING"
        : "SYNCED";

    private sealed record ProxyRow(
        string Id,
        string Namespace,
        string SpiffeId,
        string Address,
        string Gateway,
        string UserAgent,
        string Status,
        DateTimeOffset Since,
        ImmutableArray<TypeRow> Types,
        ImmutableArray<string>? UsedHosts);

    private sealed record TypeRow(
        string Type,
        string TypeUrl,
        string Status,
        string SentVersion,
        string AckedVersion,
        long Revision,
        string Nack,
        DateTimeOffset Since);
}
