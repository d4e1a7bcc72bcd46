namespace MeshOrleans.Proxy.Dataplane.Telemetry;

/// <summary>Why a response is what it is, in the letters that Envoy's logs use.</summary>
[Flags]
public enum ResponseFlags
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>NR: no route.</summary>
    NoRoute = 1,

    /// <summary>NC: the route's cluster does not exist.</summary>
    NoCluster = 1 << 1,

    /// <summary>UH: no healthy upstream.</summary>
    NoHealthyUpstream = 1 << 2,

    /// <summary>UF: no connection to the upstream.</summary>
    UpstreamConnectFailure = 1 << 3,

    /// <summary>UO: a limit of the cluster was reached.</summary>
    UpstreamOverflow = 1 << 4,

    /// <summary>UT: the upstream took too long.</summary>
    UpstreamTimeout = 1 << 5,

    /// <summary>UC: the upstream broke the connection.</summary>
    UpstreamReset = 1 << 6,

    /// <summary>URX: as many tries as allowed, without success.</summary>
    RetriesExhausted = 1 << 7,

    /// <summary>DC: the caller has gone.</summary>
    DownstreamClosed = 1 << 8,

    /// <summary>DI: a delay was injected.</summary>
    DelayInjected = 1 << 9,

    /// <summary>FI: a failure was injected.</summary>
    FaultInjected = 1 << 10,

    /// <summary>DPE: the caller broke the protocol.</summary>
    DownstreamProtocolError = 1 << 11,

    /// <summary>RL: over a rate limit.</summary>
    RateLimited = 1 << 12,

    /// <summary>UAEX: an external authorizer has denied it, or could not be asked.</summary>
    UnauthorizedExternalService = 1 << 13,

    /// <summary>UPE: the upstream broke the protocol.</summary>
    UpstreamProtocolError = 1 << 14,
}

/// <summary>Writes flags as logs and metrics show them.</summary>
public static class ResponseFlagsText
{
    private static readonly (ResponseFlags Flag, string Text)[] Known =
    [
        (ResponseFlags.NoHealthyUpstream, "UH"),
        (ResponseFlags.UpstreamConnectFailure, "UF"),
        (ResponseFlags.UpstreamOverflow, "UO"),
        (ResponseFlags.NoRoute, "NR"),
        (ResponseFlags.RetriesExhausted, "URX"),
        (ResponseFlags.NoCluster, "NC"),
        (ResponseFlags.UpstreamTimeout, "UT"),
        (ResponseFlags.UpstreamReset, "UC"),
        (ResponseFlags.DownstreamClosed, "DC"),
        (ResponseFlags.DelayInjected, "DI"),
        (ResponseFlags.FaultInjected, "FI"),
        (ResponseFlags.RateLimited, "RL"),
        (ResponseFlags.UnauthorizedExternalService, "UAEX"),
        (ResponseFlags.DownstreamProtocolError, "DPE"),
        (ResponseFlags.UpstreamProtocolError, "UPE"),
    ];

    /// <summary>The letters, joined by commas; <c>-</c> for none.</summary>
    public static string ToText(this ResponseFlags flags)
    {
        if (flags is ResponseFlags.None) return "-";
        foreach (var (flag, text) in Known)
        {
            if (flags == flag) return text;
        }

        return string.Join(',', Known.Where(k => flags.HasFlag(k.Flag)).Select(k => k.Text));
    }
}
