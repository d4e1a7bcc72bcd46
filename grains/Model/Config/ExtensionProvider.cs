using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>Somebody outside whom proxies ask (<c>extensionProviders</c> of MeshConfig); one of the two is given.</summary>
/// <param name="Name">The name by which policies mean it.</param>
/// <param name="Http">An authorizer that speaks HTTP (<c>envoyExtAuthzHttp</c>).</param>
/// <param name="Grpc">One that speaks <c>envoy.service.auth.v3.Authorization</c> (<c>envoyExtAuthzGrpc</c>).</param>
public sealed record ExtensionProvider(string Name, ExternalAuthorizer? Http, ExternalAuthorizer? Grpc)
{
    /// <summary>Whichever is given; null when none is.</summary>
    public ExternalAuthorizer? Authorizer => Http ?? Grpc;
}

/// <summary>How an external authorizer is asked, and what its answer may change.</summary>
/// <remarks>Source: Istio, MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider and -GrpcProvider.</remarks>
public sealed record ExternalAuthorizer
{
    /// <summary>The service, <c>[namespace/]host</c>; a short name is one of that namespace, or of the root namespace.</summary>
    public string Service { get; init; } = "";

    /// <summary>The port of the service; null when not given.</summary>
    public int? Port { get; init; }

    /// <summary>How long an answer is waited for; null means 10 minutes.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether requests pass when there is no usable answer. They are refused by default.</summary>
    public bool FailOpen { get; init; }

    /// <summary>The status of what is refused for want of an answer; null means 403.</summary>
    public string? StatusOnError { get; init; }

    /// <summary>Whether a stock Envoy chooses the route anew after the authorizer has changed headers.</summary>
    public bool ClearRouteCache { get; init; }

    /// <summary>How much of the request's body is shown to the authorizer; null for nothing.</summary>
    public AuthorizerBody? Body { get; init; }

    /// <summary>What is put before the request's path. HTTP only.</summary>
    public string PathPrefix { get; init; } = "";

    /// <summary>The request's headers that are shown, besides Host and Authorization: names, <c>abc*</c> or <c>*abc</c>. HTTP only.</summary>
    public ImmutableArray<string> RequestHeaders { get; init; } = [];

    /// <summary>Further headers of what is asked; they replace those of the request. HTTP only.</summary>
    public ImmutableSortedDictionary<string, string> AdditionalHeaders { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Headers of an answer that allows which are put into the request. HTTP only.</summary>
    public ImmutableArray<string> ToUpstreamOnAllow { get; init; } = [];

    /// <summary>Headers of an answer that denies which the caller gets; none means all. HTTP only.</summary>
    public ImmutableArray<string> ToDownstreamOnDeny { get; init; } = [];

    /// <summary>Headers of an answer that allows which are added to the response. HTTP only.</summary>
    public ImmutableArray<string> ToDownstreamOnAllow { get; init; } = [];
}

/// <summary>How much of a request's body an authorizer sees (<c>includeRequestBodyInCheck</c>).</summary>
/// <param name="MaxRequestBytes">At most so many bytes; null when not given.</param>
/// <param name="AllowPartialMessage">A longer body is shown in part; otherwise its request is answered with 413.</param>
/// <param name="PackAsBytes">It is sent as bytes and not as text. gRPC only.</param>
public sealed record AuthorizerBody(int? MaxRequestBytes, bool AllowPartialMessage, bool PackAsBytes);
