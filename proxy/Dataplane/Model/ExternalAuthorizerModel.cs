using System.Collections.Immutable;
using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Model;

/// <summary>Somebody outside who is asked whether requests may go on, and what its answer may change.</summary>
public sealed record ExternalAuthorizerModel
{
    /// <summary>Its name in the mesh's settings.</summary>
    public required string Provider { get; init; }

    /// <summary>The cluster that it is.</summary>
    public required string Cluster { get; init; }

    /// <summary>It is asked by <c>envoy.service.auth.v3.Authorization/Check</c>; otherwise by a request like the one it is about.</summary>
    public bool IsGrpc { get; init; }

    /// <summary>The authority of a gRPC call.</summary>
    public string Authority { get; init; } = "";

    /// <summary>How long the whole answer is waited for.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Requests pass when there is no usable answer.</summary>
    public bool FailOpen { get; init; }

    /// <summary>The status of what is refused for want of an answer.</summary>
    /// <value>403 by default.</value>
    public int StatusOnError { get; init; } = 403;

    /// <summary>How much of the request's body is shown; null for nothing.</summary>
    public ShownBodyModel? Body { get; init; }

    /// <summary>What is put before the path. HTTP only.</summary>
    public string PathPrefix { get; init; } = "";

    /// <summary>The headers that are shown besides Host and Authorization; gRPC shows all.</summary>
    public HeaderNames RequestHeaders { get; init; } = HeaderNames.None;

    /// <summary>Headers that replace those of the request. HTTP only.</summary>
    public ImmutableArray<KeyValuePair<string, string>> AdditionalHeaders { get; init; } = [];

    /// <summary>Headers of an answer that allows which go into the request. HTTP only.</summary>
    public HeaderNames ToUpstreamOnAllow { get; init; } = HeaderNames.None;

    /// <summary>Headers of an answer that allows which are added to the response. HTTP only.</summary>
    public HeaderNames ToDownstreamOnAllow { get; init; } = HeaderNames.None;

    /// <summary>Headers of an answer that denies which the caller gets; null for all. HTTP only.</summary>
    public HeaderNames? ToDownstreamOnDeny { get; init; }
}

/// <summary>How much of a request's body an authorizer sees.</summary>
/// <param name="MaxBytes">At most so much, in bytes; it is kept in memory while the authorizer is asked.</param>
/// <param name="AllowPartial">A longer one is shown in part; otherwise its request is answered with 413.</param>
/// <param name="AsBytes">It is sent as bytes and not as text. gRPC only.</param>
public sealed record ShownBodyModel(int MaxBytes, bool AllowPartial, bool AsBytes);

/// <summary>Names of headers.</summary>
/// <param name="Matchers">A name is among them when one of these matches.</param>
public sealed record HeaderNames(ImmutableArray<StringMatcher> Matchers)
{
    /// <summary>No name at all.</summary>
    public static HeaderNames None { get; } = new(ImmutableArray<StringMatcher>.Empty);

    /// <summary>Whether a name is among them.</summary>
    public bool Contains(string name)
    {
        foreach (var matcher in Matchers)
        {
            if (matcher.Matches(name)) return true;
        }

        return false;
    }
}
