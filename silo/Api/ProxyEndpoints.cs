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
            .Select(view => RowOf(ProxyLiveness.Of(view, gateways)));
        return Results.Json(rows, ApiJson.Options);
    }

    private static async Task<IResult> FindAsync(
        HttpContext context, IGrainFactory grains, GatewayStatus gateway, GatewayName self, string id)
    {
        id = Uri.UnescapeDataString(id);
        var cancellationToken = context.RequestAborted;
        if (id.EndsWith(ResourcesSuffix, StringComparison.Ordinal))
        {
            id = id[..^ResourcesSuffix.Length];
            if (await HiddenAsync(context.Rights(), grains, id, cancellationToken)) return NotConnected(id);
            return gateway.FindResources(id, context.Rights().Sees) is { } resources
                ? Contents(resources)
                : await ElsewhereAsync(grains, self, id, cancellationToken);
        }

        var gateways = await GatewaysAsync(grains, cancellationToken);
        return await ViewAsync(grains, id, gateways, cancellationToken) is { } view
            && context.Rights().Sees(view.Connection.Namespace)
            ? Results.Json(RowOf(view), ApiJson.Options)
            : Problems.NotFound($"No proxy '{id}' ever connected.");
    }

    private static IResult NotConnected(string id) =>
        Problems.NotFound($"No proxy '{id}' is connected to this gateway.");

    // A proxy whose namespace is not known yet is nobody's but the mesh's.
    private static async Task<bool> HiddenAsync(
        AccessRights rights, IGrainFactory grains, string id, CancellationToken cancellationToken)
    {
        if (rights.HasForMesh(Role.Viewer)) return false;
        var view = await grains.GetGrain<IProxySubscriptionGrain>(ProxyShares.KeyOf(id)).FindNodeAsync(id, cancellationToken);
        return view is null || !rights.Sees(view.Connection.Namespace);
    }

    // Only the process that holds a stream knows what it was sent.
    private static async Task<IResult> ElsewhereAsync(
        IGrainFactory grains, GatewayName self, string id, CancellationToken cancellationToken)
    {
        var gateways = await GatewaysAsync(grains, cancellationToken);
        var view = await ViewAsync(grains, id, gateways, cancellationToken);
        if (view is not { Connected: true } || view.Connection.Gateway == self.Value)
        {
            return NotConnected(id);
        }

        var name = view.Connection.Gateway;
        var address = gateways.Find(name)?.Beat.ApiAddress is { Length: > 0 } api ? $" at {api}" : "";
        return Problems.Misdirected($"Proxy '{id}' is connected to gateway '{name}'{address}; only that one can tell.");
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

    private static async Task<ProxyView?> ViewAsync(
        IGrainFactory grains, string id, GatewayListing gateways, CancellationToken cancellationToken)
    {
        var share = grains.GetGrain<IProxySubscriptionGrain>(ProxyShares.KeyOf(id));
        var view = await share.FindNodeAsync(id, cancellationToken);
        return view is null ? null : ProxyLiveness.Of(view, gateways);
    }

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
