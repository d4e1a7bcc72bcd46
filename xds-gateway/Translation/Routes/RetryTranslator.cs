using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Topology;
using MeshOrleans.Xds.Protocol.Retry;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation.Routes;

/// <summary>Says when and how often a request is tried again.</summary>
/// <remarks>
/// A number among the conditions is a status code of a response. Hosts tried before are avoided, except where the
/// request itself decides on the host.
/// </remarks>
internal static class RetryTranslator
{
    private const string DefaultConditions =
        "connect-failure,refused-stream,unavailable,cancelled," + StatusCodesCondition;

    private const string StatusCodesCondition = "retriable-status-codes";
    private const uint DefaultAttempts = 2;
    private const string PreviousHosts = "envoy.retry_host_predicates.previous_hosts";
    private const string PreviousPriorities = "envoy.retry_priorities.previous_priorities";
    private const int TriesOfOnePriority = 2;
    private const uint InboundAttempts = 2;
    private const int HostReselections = 5;

    /// <param name="source">What the route says; null means the mesh's default.</param>
    /// <param name="isHashed">Whether the host is chosen by a property of the request.</param>
    public static RetryPolicy? Translate(ProxyView view, HttpRetry? source, bool isHashed)
    {
        var retry = source ?? view.Mesh.Settings.DefaultRetry;
        if (retry is { Attempts: <= 0 }) return null;
        var policy = new RetryPolicy { NumRetries = (uint?)retry?.Attempts ?? DefaultAttempts };
        SetConditions(policy, retry?.RetryOn ?? "");
        if (retry?.PerTryTimeout is { } perTry && perTry > TimeSpan.Zero)
        {
            policy.PerTryTimeout = Duration.FromTimeSpan(perTry);
        }

        if (retry?.Backoff is { } backoff && backoff > TimeSpan.Zero)
        {
            policy.RetryBackOff = new() { BaseInterval = Duration.FromTimeSpan(backoff) };
        }

        if (retry?.RetryRemoteLocalities is true)
        {
            policy.RetryPriority = new RetryPolicy.Types.RetryPriority
            {
                Name = PreviousPriorities,
                TypedConfig = Any.Pack(new PreviousPrioritiesConfig { UpdateFrequency = TriesOfOnePriority }),
            };
        }

        if (!isHashed && retry?.RetryIgnorePreviousHosts is not false)
        {
            policy.RetryHostPredicate.Add(new RetryPolicy.Types.RetryHostPredicate
            {
                Name = PreviousHosts,
                TypedConfig = Any.Pack(new PreviousHostsPredicate()),
            });
            policy.HostSelectionRetryMaxAttempts = HostReselections;
        }

        return policy;
    }

    /// <summary>
    /// Towards the proxy's own workload: a connection that is gone before the request was sent on it. Not for gRPC,
    /// whose clients do that by themselves.
    /// </summary>
    public static RetryPolicy? Inbound(AppProtocol protocol) => protocol is AppProtocol.Grpc or AppProtocol.GrpcWeb
        ? null
        : new RetryPolicy { RetryOn = "reset-before-request", NumRetries = InboundAttempts };

    private static void SetConditions(RetryPolicy policy, string text)
    {
        var names = new List<string>();
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            {
                if (code is >= 100 and < 600) policy.RetriableStatusCodes.Add(code);
            }
            else
            {
                names.Add(word);
            }
        }

        if (policy.RetriableStatusCodes.Count > 0 && !names.Contains(StatusCodesCondition))
        {
            names.Add(StatusCodesCondition);
        }

        policy.RetryOn = names.Count == 0 ? DefaultConditions : string.Join(',', names);
    }
}
