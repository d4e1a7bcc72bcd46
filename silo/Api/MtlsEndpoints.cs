using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using MeshOrleans.Grains.Callers;
using MeshOrleans.Model.Config;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Mtls;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Silo.Api;

/// <summary><c>/v1/mtls</c>: who would be refused if a namespace demanded mesh mTLS.</summary>
internal static class MtlsEndpoints
{
    public static void MapMtls(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/mtls/readiness", ReadinessAsync).RequireRole(Role.Viewer);
        routes.MapDelete("/v1/mtls/callers", ForgetAsync).RequireRole(Role.Operator);
    }

    private static async Task<IResult> ReadinessAsync(HttpContext context, StrictGate gate, CallerBook book, string? ns)
    {
        if (FaultOf(ns) is { } fault) return fault;
        if (!context.Rights().Sees(ns)) return Problems.NotFound($"There is no namespace {ns}.");
        var (_, config) = await gate.ConfigAsync(context.RequestAborted);
        var today = new AuthenticationTable(config.Values);
        var strict = new AuthenticationTable(Strict(config.Values, ns));
        var known = await book.ReadAsync(ns, context.RequestAborted);
        return Results.Json(AnswerOf(known, today, strict, context.Rights()), ApiJson.Options);
    }

    private static IResult? FaultOf([NotNull] string? ns)
    {
        ns ??= "";
        return ns.Length == 0 ? Problems.BadField("ns", "names the namespace, and is missing")
            : ResourceName.IsDnsLabel(ns) ? null
            : Problems.BadField("ns", "is no name of a namespace");
    }

    private static async Task<IResult> ForgetAsync(
        HttpContext context, IGrainFactory grains, string? ns, string? address)
    {
        context.Concerns(string.IsNullOrEmpty(address) ? $"namespace {ns}" : $"{address} in namespace {ns}");
        if (FaultOf(ns) is { } fault) return fault;
        if (!context.Rights().Sees(ns)) return Problems.NotFound($"There is no namespace {ns}.");
        if (!context.Rights().Has(Role.Operator, ns)) return context.Caller().Lacks(Role.Operator, ns);
        var literal = string.IsNullOrEmpty(address) ? "" : LiteralOf(address);
        if (literal is null) return Problems.BadField("address", "is no IP address");
        var forgotten = await grains.GetGrain<IPlaintextCallersGrain>(ns).ForgetAsync(literal, context.RequestAborted);
        return Results.Json(new ForgetAnswer(forgotten), ApiJson.Options);
    }

    // as sidecars tell it; and not what else is read as an IPv4 address, such as one number
    private static string? LiteralOf(string text)
    {
        if (!IPAddress.TryParse(text, out var address)) return null;
        if (address.IsIPv4MappedToIPv6) return $"{address.MapToIPv4()}";
        return address.AddressFamily is AddressFamily.InterNetworkV6 ? $"{new IPAddress(address.GetAddressBytes())}"
            : $"{address}" == text ? text
            : null;
    }

    /// <summary>The configuration with STRICT for all of a namespace; what stands nearer to a workload stays.</summary>
    private static IEnumerable<ConfigResource> Strict(IEnumerable<ConfigResource> config, string ns) => config
        .Where(r => r.Key.Namespace != ns
            || r.Spec is not PeerAuthentication { Selector: null or { MatchLabels.IsEmpty: true } })
        .Append(new ConfigResource
        {
            Key = new ConfigKey(nameof(PeerAuthentication), ns, "(all of it STRICT)"),
            Spec = new PeerAuthentication { Mtls = MutualTlsMode.Strict },
        });

    private static ReadinessAnswer AnswerOf(
        NamespaceCallers known, AuthenticationTable today, AuthenticationTable strict, AccessRights rights)
    {
        var rows = known.Rows(today, strict);
        var turning = known.Turning(today, strict);
        var unwatched = known.Unwatched(turning);
        var exempt = known.Exempt(strict);
        var status = rows.Any(r => r.Standing is CallerStanding.WouldBeRefused) ? "CALLERS"
            : !unwatched.IsEmpty || known.Enforcing.IsEmpty ? "UNKNOWN"
            : turning.IsEmpty && exempt.IsEmpty ? "STRICT"
            : "READY";
        return new ReadinessAnswer(
            known.Namespace,
            status,
            known.WatchedSince,
            turning.Length,
            turning.Length - unwatched.Length,
            known.WithoutSidecar,
            SeenCaller.Memory.TotalDays,
            [.. rows.Select(row => RowOf(row.For(rights.Sees)))],
            unwatched,
            exempt.Length,
            known.Crowded);
    }

    private static CallerAnswer RowOf(CallerRow row) => new(
        row.Workload,
        row.Port,
        row.Address,
        [.. row.Members],
        row.IsTls ? "TLS" : "PLAINTEXT",
        row.Connections,
        row.Open,
        row.FirstSeen,
        row.LastSeen,
        row.Mode.ToString().ToUpperInvariant(),
        row.Standing switch
        {
            CallerStanding.WouldBeRefused => "WOULD_BE_REFUSED",
            CallerStanding.Outdated => "OUTDATED",
            CallerStanding.Exempt => "EXEMPT",
            _ => "REFUSED",
        },
        row.Standing is CallerStanding.Exempt ? row.Then.Policy?.ToString() ?? "" : "");

    private sealed record ForgetAnswer(int Forgotten);

    private sealed record ReadinessAnswer(
        string Namespace,
        string Status,
        DateTimeOffset? WatchedSince,
        int Workloads,
        int Watched,
        int WithoutSidecar,
        double RememberedDays,
        ImmutableArray<CallerAnswer> Callers,
        ImmutableArray<UnwatchedMember> Unwatched,
        int Exempt,
        int Crowded);

    private sealed record CallerAnswer(
        string Workload,
        int Port,
        string Address,
        ImmutableArray<string> Members,
        string Kind,
        long Connections,
        int Open,
        DateTimeOffset FirstSeen,
        DateTimeOffset LastSeen,
        string Mode,
        string Standing,
        string Policy);
}
