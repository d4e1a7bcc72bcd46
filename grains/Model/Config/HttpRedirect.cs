using System.Collections.Immutable;

namespace MeshOrleans.Model.Config;

/// <summary>Which port a redirection names when it is not given.</summary>
public enum RedirectPortSelection
{
    /// <summary>80 for http, 443 for https.</summary>
    FromProtocolDefault,

    /// <summary>The port of the request.</summary>
    FromRequestPort,
}

/// <summary>Answers with a redirection.</summary>
public sealed record HttpRedirect
{
    /// <summary>Replaces the path; empty leaves it.</summary>
    public string Uri { get; init; } = "";

    /// <summary>Replaces the matched prefix; empty leaves it. Exclusive with <see cref="Uri"/>.</summary>
    public string PrefixRewrite { get; init; } = "";

    /// <summary>Replaces by expression; null leaves the path. Only routes of the Gateway API come to it.</summary>
    public RegexRewrite? UriRegexRewrite { get; init; }

    /// <summary>Replaces the authority; empty leaves it.</summary>
    public string Authority { get; init; } = "";

    /// <summary>Replaces the scheme, http or https; empty leaves it.</summary>
    public string Scheme { get; init; } = "";

    /// <summary>Replaces the port; null leaves it. Exclusive with <see cref="DerivePort"/>.</summary>
    public int? Port { get; init; }

    /// <summary>Takes the port from elsewhere; null leaves it.</summary>
    public RedirectPortSelection? DerivePort { get; init; }

    /// <summary>Status code; null means 301.</summary>
    public int? RedirectCode { get; init; }
}

/// <summary>Answers without forwarding.</summary>
/// <param name="Status">Status code.</param>
/// <param name="Body">The body; empty when none.</param>
public sealed record HttpDirectResponse(int Status, ImmutableArray<byte> Body);
