namespace MeshOrleans.Model.Config.GatewayApi;

/// <summary>A filter of a rule of an HTTPRoute or GRPCRoute. A closed set.</summary>
public abstract record RequestFilter
{
    private RequestFilter()
    {
    }

    /// <summary>Changes headers of the request.</summary>
    /// <param name="Changes">How; values are plain text.</param>
    public sealed record RequestHeaders(HeaderChanges Changes) : RequestFilter;

    /// <summary>Changes headers of the response.</summary>
    /// <param name="Changes">How; values are plain text.</param>
    public sealed record ResponseHeaders(HeaderChanges Changes) : RequestFilter;

    /// <summary>Answers with a redirection.</summary>
    public sealed record Redirect : RequestFilter
    {
        /// <summary>The new scheme, http or https; empty leaves it.</summary>
        public string Scheme { get; init; } = "";

        /// <summary>The new host; empty leaves it.</summary>
        public string Hostname { get; init; } = "";

        /// <summary>The new path; null leaves it.</summary>
        public PathChange? Path { get; init; }

        /// <summary>The new port; null means that of the new scheme, or without one that of the listener.</summary>
        public int? Port { get; init; }

        /// <summary>301, 302, 303, 307 or 308.</summary>
        /// <value>302 by default.</value>
        public int StatusCode { get; init; } = 302;
    }

    /// <summary>Changes host and path before the request is forwarded.</summary>
    /// <param name="Hostname">The new host; empty leaves it.</param>
    /// <param name="Path">The new path; null leaves it.</param>
    public sealed record Rewrite(string Hostname, PathChange? Path) : RequestFilter;

    /// <summary>Sends a copy of the requests elsewhere.</summary>
    /// <param name="Backend">Where; null when the manifest named nothing.</param>
    /// <param name="Percent">The share that is copied, in percent; null means all.</param>
    public sealed record Mirror(BackendReference? Backend, double? Percent) : RequestFilter;

    /// <summary>Answers for other origins.</summary>
    /// <param name="Policy">The rules.</param>
    public sealed record Cors(CorsPolicy Policy) : RequestFilter;

    /// <summary>A filter that this version cannot carry out.</summary>
    /// <param name="Type">Its type, as written.</param>
    public sealed record Unknown(string Type) : RequestFilter;
}

/// <summary>How a filter changes the path.</summary>
/// <param name="OfPrefix">Whether only what the prefix matched is replaced; else all of the path.</param>
/// <param name="Value">What takes its place.</param>
public sealed record PathChange(bool OfPrefix, string Value);
