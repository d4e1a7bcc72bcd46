using System.Collections.Frozen;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using MeshOrleans.Proxy.Dataplane.Model;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>What a route table contributes to the model.</summary>
/// <param name="Table">The routes of requests.</param>
internal sealed record RouteTemplate(RouteTableModel Table)
{
    /// <summary>What is done with what is no request, by the name of the host, where nobody has declared what its port speaks.</summary>
    public FrozenDictionary<string, TcpChainModel> Bytes { get; init; } = FrozenDictionary<string, TcpChainModel>.Empty;
}

/// <summary><c>RouteConfiguration</c> to a prepared table.</summary>
internal static class RouteReader
{
    private const uint MaxBodyLimit = 16 * 1024 * 1024;

    /// <summary>
    /// What a host that demands TLS does with what has come without. Only tables of plaintext have such hosts, but a proxy before
    /// this one that is trusted may have ended the client's TLS.
    /// </summary>
    private static readonly RouteModel ToHttps =
        new()
        {
            Name = RouteModel.HttpsRedirect,
            Match = RouteMatchModel.Any with { Headers = [HeaderMatcher.Of(":scheme", StringMatcher.Exact("http"))] },
            Action = new RouteAction.Redirect { Scheme = "https" },
        };

    public static RouteTemplate Read(Proto.Route.RouteConfiguration configuration, FieldPath at)
    {
        var hosts = configuration.VirtualHosts.Select((h, i) => Host(h, at.At("virtual_hosts").At(i)));
        var table = CoreReader.Build(at, () => new RouteTableModel(
            configuration.Name, [.. hosts], configuration.IgnorePortInHostMatching)
        {
            MostSpecificHeaderMutationsWin = configuration.MostSpecificHeaderMutationsWins,
        });
        return new RouteTemplate(table) { Bytes = Bytes(configuration, at) };
    }

    private static FrozenDictionary<string, TcpChainModel> Bytes(Proto.Route.RouteConfiguration configuration, FieldPath at)
    {
        Dictionary<string, TcpChainModel>? found = null;
        foreach (var (i, host) in configuration.VirtualHosts.Index())
        {
            if (TcpProxyReader.OfUndeclared(host.Metadata, at.At("virtual_hosts").At(i)) is not { } bytes) continue;
            found ??= new Dictionary<string, TcpChainModel>(StringComparer.Ordinal);
            found[host.Name] = new TcpChainModel { Clusters = bytes.Clusters, Relay = bytes.Relay };
        }

        return found?.ToFrozenDictionary(StringComparer.Ordinal) ?? FrozenDictionary<string, TcpChainModel>.Empty;
    }

    private static VirtualHostModel Host(Proto.Route.VirtualHost host, FieldPath at)
    {
        if (host.Domains.Count == 0) throw new UnusableResourceException(at.At("domains"), "needs at least one");
        var isForTls = host.RequireTls is Proto.Route.VirtualHost.Types.TlsRequirementType.All;
        if (!isForTls && host.RequireTls is not Proto.Route.VirtualHost.Types.TlsRequirementType.None)
        {
            throw new UnusableResourceException(at.At("require_tls"), $"{host.RequireTls} is not supported");
        }

        var filters = FilterSettings.Read(host.TypedPerFilterConfig, at);
        var routes = host.Routes.Select((r, i) => Route(r, host.RetryPolicy, filters, at.At("routes").At(i)));
        return new VirtualHostModel(host.Name, [.. host.Domains], [.. isForTls ? routes.Prepend(ToHttps) : routes])
        {
            IncludeAttemptCount = host.IncludeRequestAttemptCount,
            BodyLimit = (int)Math.Min(
                host.PerRequestBufferLimitBytes ?? VirtualHostModel.DefaultBodyLimit, MaxBodyLimit),
            IsOnDemand = host.Name == Proto.OnDemand.Name,
        };
    }

    private static RouteModel Route(
        Proto.Route.Route route, Proto.Route.RetryPolicy? hostRetry, FilterSettings ofHost, FieldPath at)
    {
        var filters = FilterSettings.Read(route.TypedPerFilterConfig, at);
        return new RouteModel
        {
            Name = route.Name,
            Match = RouteMatchReader.Read(route.Match, at.At("match")),
            Action = RouteActionReader.Read(route, hostRetry, at),
            RequestHeaders = CoreReader.Headers(
                route.RequestHeadersToRemove, route.RequestHeadersToAdd, at.At("request_headers_to_add")),
            ResponseHeaders = CoreReader.Headers(
                route.ResponseHeadersToRemove, route.ResponseHeadersToAdd, at.At("response_headers_to_add")),
            Fault = filters.Fault ?? ofHost.Fault,
            Cors = filters.Cors ?? ofHost.Cors,
        };
    }
}
