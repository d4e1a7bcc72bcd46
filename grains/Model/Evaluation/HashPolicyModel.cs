using System.Collections.Immutable;

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
/// <param name="Terminal">Stop here when there is a hash already.</param>
public sealed record HashPolicyModel(HashSource Source, string Name, bool Terminal = false)
{
    /// <summary>
    /// The life of a cookie that the proxy makes when it is absent; zero for one that ends with the browser, null to
    /// make none.
    /// </summary>
    public TimeSpan? CookieLifetime { get; init; }

    /// <summary>The path of that cookie; empty for none.</summary>
    public string CookiePath { get; init; } = "";

    /// <summary>Further attributes of that cookie; one with an empty value is its name alone.</summary>
    public ImmutableArray<KeyValuePair<string, string>> CookieAttributes { get; init; } = [];

    /// <summary>The <c>set-cookie</c> header that gives a client this cookie.</summary>
    /// <param name="value">The cookie's value.</param>
    public string SetCookie(string value)
    {
        var text = new System.Text.StringBuilder(Name).Append('=').Append(value);
        if (CookieLifetime is { TotalSeconds: >= 1 } life) text.Append($"; Max-Age={(long)life.TotalSeconds}");
        if (CookiePath.Length > 0) text.Append("; Path=").Append(CookiePath);
        foreach (var (name, attribute) in CookieAttributes)
        {
            text.Append("; ").Append(name);
            if (attribute.Length > 0) text.Append('=').Append(attribute);
        }

        return text.Append("; HttpOnly").ToString();
    }
}
