namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>What the first bytes of a plaintext connection are.</summary>
internal enum SpokenProtocol
{
    /// <summary>Not to be told yet.</summary>
    Incomplete,

    /// <summary>Not to be told yet, and hardly a request: no such method is common. For <see cref="RequestGuard"/> alone.</summary>
    Doubtful,

    /// <summary>HTTP/1.</summary>
    Http1,

    /// <summary>HTTP/2 with prior knowledge.</summary>
    Http2,

    /// <summary>
    /// The PROXY protocol, by which somebody speaks for others, and anything after it. For <see cref="RequestGuard"/> alone.
    /// </summary>
    ProxyHeader,

    /// <summary>Something else.</summary>
    Other,
}
