using MeshOrleans.Proxy.Http2.Connections;
using Microsoft.AspNetCore.Http;

namespace MeshOrleans.Proxy.Http2.Server;

/// <summary>What requests are served by, and how long clients are waited for.</summary>
public sealed record ServerOptions
{
    /// <summary>Serves a request. Begins on the thread that has read it, so nothing in it may block.</summary>
    public required RequestDelegate Serve { get; init; }

    /// <summary>What is asked of clients.</summary>
    public Http2Settings Settings { get; init; } = new();

    /// <summary>How long a preface or the fields of a request may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection without requests is kept: for clients that are gone, as others end theirs sooner.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(3);
}
