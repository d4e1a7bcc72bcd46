namespace MeshOrleans.Proxy.Http2.Connections;

/// <summary>What this end of a connection asks of the other.</summary>
public sealed record Http2Settings
{
    /// <summary>How many streams the other end may have open; more are refused.</summary>
    public int MaxStreams { get; init; } = 1000;

    /// <summary>How many bytes of one stream may be under way to its reader.</summary>
    public int StreamWindow { get; init; } = 1024 * 1024;

    /// <summary>How many bytes of all streams may be under way to their readers; 65,535 at least.</summary>
    public int ConnectionWindow { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long the fields of one message may be, in bytes, each counting 32 more.</summary>
    public int MaxFieldBytes { get; init; } = 60 * 1024;

    /// <summary>The time between pings; null for none.</summary>
    public TimeSpan? PingInterval { get; init; }

    /// <summary>How long the answer to a ping may take.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
