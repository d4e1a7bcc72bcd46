using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Http;

namespace MeshOrleans.Proxy.Dataplane.Upstream;

/// <summary>How one try ended: with a response, or with a failure.</summary>
internal readonly record struct TryResult(HttpResponseMessage? Response, TryFailure Failure, string Reason)
{
    private const long RefusedStream = 7; // RFC 9113 section 7

    /// <summary>Whether the endpoint has not even begun with the request.</summary>
    public bool IsUnreached => Response is null && Failure is (TryFailure.Connect or TryFailure.RefusedStream);

    /// <summary>Reads a response, which is none when it breaks the protocol. Then it has been disposed.</summary>
    /// <param name="response">What came.</param>
    /// <param name="isUpgrade">Whether the server was asked to switch to another protocol.</param>
    public static TryResult Of(HttpResponseMessage response, bool isUpgrade)
    {
        if (Breach(response, isUpgrade) is not { } breach) return new(response, default, "");
        response.Dispose();
        return new(null, TryFailure.Protocol, breach);
    }

    /// <summary>
    /// The status that the caller deserves when it was its own body that could not be read; otherwise null.
    /// </summary>
    public static int? CallersFault(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException!)
        {
            if (inner is Microsoft.AspNetCore.Http.BadHttpRequestException bad) return bad.StatusCode;
        }

        return null;
    }

    /// <summary>Reads the exception of a try that nobody has cancelled.</summary>
    public static TryResult Of(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is UpstreamConnectException or TimeoutException)
            {
                return new(null, TryFailure.Connect, inner.Message);
            }

            if (inner is HttpProtocolException { ErrorCode: RefusedStream })
            {
                return new(null, TryFailure.RefusedStream, inner.Message);
            }
        }

        var isConnect = exception is OperationCanceledException or HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError,
        };
        return new(null, isConnect ? TryFailure.Connect : TryFailure.Reset, exception.Message);
    }

    /// <summary>The gRPC status of a response that has it in its headers.</summary>
    public int? GrpcStatus =>
        Response is not null
        && Response.Headers.NonValidated.TryGetValues("grpc-status", out var values)
        && int.TryParse(values.ToString(), out var status) ? status : null;

    /// <summary>Whether the policy wants another try.</summary>
    public bool IsCoveredBy(RetryPolicyModel policy) =>
        Response is null
            ? policy.Covers(Failure)
            : policy.Covers(
                (int)Response.StatusCode, GrpcStatus, Response.Headers.NonValidated.Contains(HopHeaders.RateLimited));

    // What is no answer to the caller's request would have it read as one what belongs to another, or the next.
    // Source: Envoy, ClientConnectionImpl::onHeadersCompleteBase. RFC 9110 section 15.2.2 and 8.6.
    private static string? Breach(HttpResponseMessage response, bool isUpgrade) => response.StatusCode switch
    {
        HttpStatusCode.SwitchingProtocols when !isUpgrade => "The server switches protocols without having been asked.",
        HttpStatusCode.NoContent when response.Content.Headers.ContentLength > 0 =>
            "The server announces a body with a status that has none.",
        _ => null,
    };

    /// <summary>Tells outlier detection.</summary>
    public void Report(ClusterPlan plan, EndpointState endpoint)
    {
        if (plan.Model.Outlier is null) return;
        if (Response is null)
        {
            plan.State.Outliers.Report(plan, endpoint, TryOutcome.LocalOrigin, status: 0);
            return;
        }

        var status = GrpcStatus switch
        {
            14 => 503,
            4 => 504,
            2 or 13 or 15 => 500,
            _ => (int)Response.StatusCode,
        };
        plan.State.Outliers.Report(plan, endpoint, TryOutcome.Response, status);
    }
}
