using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>What cross-origin rules make of one request.</summary>
public enum CorsOutcome
{
    /// <summary>Nothing: it goes its way without cross-origin headers.</summary>
    None,

    /// <summary>It goes its way, and its answer gets the cross-origin headers.</summary>
    Allowed,

    /// <summary>A preflight of an allowed origin: the proxy answers it with what is allowed.</summary>
    Preflight,

    /// <summary>A preflight of another origin that is not to be forwarded: answered without such headers.</summary>
    RefusedPreflight,
}

/// <summary>The cross-origin rules of a route (<c>envoy.extensions.filters.http.cors.v3.CorsPolicy</c>).</summary>
/// <remarks>
/// A preflight is OPTIONS with <c>origin</c> and <c>access-control-request-method</c>. A request of an origin that is
/// not allowed is never refused: without the headers the browser keeps the answer from the script.
/// </remarks>
public sealed record CorsModel
{
    private const string AnyOrigin = "*";

    /// <summary>The origins that are allowed; one that matches <c>*</c> itself allows every origin.</summary>
    public ImmutableArray<StringMatcher> Origins { get; init; } = [];

    /// <summary>The value of <c>access-control-allow-methods</c>; empty leaves the header out.</summary>
    public string AllowMethods { get; init; } = "";

    /// <summary>The value of <c>access-control-allow-headers</c>; empty leaves the header out.</summary>
    public string AllowHeaders { get; init; } = "";

    /// <summary>The value of <c>access-control-expose-headers</c>; empty leaves the header out.</summary>
    public string ExposeHeaders { get; init; } = "";

    /// <summary>The value of <c>access-control-max-age</c>, in seconds; empty leaves the header out.</summary>
    public string MaxAge { get; init; } = "";

    /// <summary>Whether <c>access-control-allow-credentials: true</c> is said.</summary>
    public bool AllowCredentials { get; init; }

    /// <summary>Whether preflights of origins that are not allowed go on to the application.</summary>
    /// <value>True by default (<c>unmatchedPreflights: FORWARD</c>).</value>
    public bool ForwardsUnmatchedPreflights { get; init; } = true;

    /// <summary>The share of requests for which the rules hold at all.</summary>
    /// <value>All by default.</value>
    public Fraction Share { get; init; } = Fraction.All;

    /// <summary>Judges one request.</summary>
    /// <param name="view">The request.</param>
    /// <param name="random">Draws <see cref="Share"/>.</param>
    /// <param name="origin">The origin that an answer is to name; empty unless it is allowed.</param>
    public CorsOutcome Judge<TView>(in TView view, IRandomSource random, out string origin)
        where TView : struct, IRequestView, allows ref struct
    {
        origin = "";
        if (view.Header("origin").Joined is not { Length: > 0 } claimed || !Share.Hits(random)) return CorsOutcome.None;
        var allowed = Allows(claimed);
        if (allowed) origin = claimed;
        var isPreflight = view.Method == "OPTIONS"
            && view.Header("access-control-request-method").Joined is { Length: > 0 };
        if (!isPreflight) return allowed ? CorsOutcome.Allowed : CorsOutcome.None;
        if (allowed) return CorsOutcome.Preflight;
        return ForwardsUnmatchedPreflights ? CorsOutcome.None : CorsOutcome.RefusedPreflight;
    }

    private bool Allows(string origin)
    {
        foreach (var matcher in Origins)
        {
            if (matcher.Matches(origin) || matcher.Matches(AnyOrigin)) return true;
        }

        return false;
    }
}
