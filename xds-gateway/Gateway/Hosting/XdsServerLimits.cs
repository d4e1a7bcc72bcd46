using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MeshOrleans.Xds.Gateway.Hosting;

/// <summary>What a Kestrel that serves xDS needs of its limits; they hold for the whole server.</summary>
public static class XdsServerLimits
{
    /// <summary>
    /// How many connections may wait to be accepted: a mesh that comes back comes at once, and whom the kernel drops tries
    /// again only after a second, then three. The kernel's own limit holds where it is lower.
    /// </summary>
    public const int Backlog = 4096;

    /// <summary>
    /// Lets one connection carry as many streams as an aggregating proxy opens (Kestrel's 100 would hang the 101st),
    /// finds clients that vanished by pings, and leaves slow readers to the gateway, which closes their stream and not
    /// their connection.
    /// </summary>
    public static void Apply(KestrelServerLimits limits)
    {
        limits.Http2.MaxStreamsPerConnection = 100_000;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
        limits.MinResponseDataRate = null;
    }
}
