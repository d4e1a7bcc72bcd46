namespace MeshOrleans.Model.Evaluation;

/// <summary>What of a request decides its endpoint under a hashing load balancer.</summary>
public enum HashSource
{
    /// <summary>A header.</summary>
    Header,

    /// <summary>A cookie.</summary>
    Cookie,

    /// <summary>The caller's address.</summary>
    SourceAddress,

    /// <summary>A query parameter.</summary>
    QueryParameter,
}

/// <summary>One thing to hash.</summary>
/// <param name="Source">What.</param>
/// <param name="Name">The name of the header, cookie or parameter.</param>
/// <param name="Terminal">Stop here when this one was present.</param>
/// <param name="CookieLifetime">For a cookie that the proxy makes when it is absent; null to make none.</param>
/// <param name="CookiePath">The path of that cookie.</param>
public sealed record HashPolicyModel(
    HashSource Source, string Name, bool Terminal = false, TimeSpan? CookieLifetime = null, string CookiePath = "");
