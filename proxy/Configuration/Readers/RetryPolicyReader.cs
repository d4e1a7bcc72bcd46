using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using Proto = MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>When a request is sent again.</summary>
internal static class RetryPolicyReader
{
    private static readonly TimeSpan DefaultBackoff = TimeSpan.FromMilliseconds(25); // Envoy, RetryBackOff

    public static RetryPolicyModel? Read(Proto.Route.RetryPolicy? policy, FieldPath at)
    {
        if (policy is null) return null;
        if (policy.RetriableHeaders.Count > 0)
        {
            throw new UnusableResourceException(at.At("retriable_headers"), "is not supported");
        }

        var model = new RetryPolicyModel
        {
            Attempts = (int)Math.Min(policy.NumRetries ?? 1, 100),
            PerTryTimeout = CoreReader.Positive(policy.PerTryTimeout, at.At("per_try_timeout")),
            RetriableStatusCodes = [.. policy.RetriableStatusCodes.Select(c => (int)Math.Min(c, 999))],
            BackoffBase = CoreReader.Positive(
                policy.RetryBackOff?.BaseInterval, at.At("retry_back_off").At("base_interval")) ?? DefaultBackoff,
            BackoffMax = CoreReader.Positive(
                policy.RetryBackOff?.MaxInterval, at.At("retry_back_off").At("max_interval")),
            AvoidPreviousHosts = policy.RetryHostPredicate.Any(
                p => p.Name == "envoy.retry_host_predicates.previous_hosts"),
        };
        if (policy.RetryPriority is { } priority)
        {
            model = model with { OtherPrioritiesAfter = OtherPrioritiesAfter(priority, at.At("retry_priority")) };
        }

        if (policy.HostSelectionRetryMaxAttempts > 0)
        {
            model = model with { HostSelectionAttempts = (int)Math.Min(policy.HostSelectionRetryMaxAttempts, 100) };
        }

        return model.WithConditions(policy.RetryOn);
    }

    private static int OtherPrioritiesAfter(Proto.Route.RetryPolicy.Types.RetryPriority priority, FieldPath at)
    {
        var any = priority.TypedConfig ?? throw new UnusableResourceException(at.At("typed_config"), "is required");
        var config = CoreReader.Unpack<Proto.Retry.PreviousPrioritiesConfig>(any, at.At("typed_config"));
        return config.UpdateFrequency > 0
            ? config.UpdateFrequency
            : throw new UnusableResourceException(at.At("update_frequency"), "must be more than 0");
    }
}
