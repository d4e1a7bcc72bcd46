using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Translation.Scopes;

namespace MeshOrleans.Xds.Translation;

/// <summary>Where a resource that is only named comes from: always the stream it was named on.</summary>
internal static class ConfigSources
{
    private static readonly Duration EnvoyPatience = new() { Seconds = 15 };

    /// <summary>The aggregated stream. Zero as fetch timeout: what was named is waited for, never guessed.</summary>
    public static ConfigSource Ads() => new()
    {
        Ads = new AggregatedConfigSource(),
        InitialFetchTimeout = new Duration(),
        ResourceApiVersion = ApiVersion.V3,
    };

    /// <summary>
    /// The same for one proxy. A stock Envoy waits for its own default time only: one resource that does not come must
    /// not keep all others from it.
    /// </summary>
    public static ConfigSource Ads(ProxyScope scope) => scope.Mode is ProxyMode.Envoy ? AdsInTime() : Ads();

    /// <summary>The aggregated stream, where it may be that nothing comes.</summary>
    public static ConfigSource AdsInTime()
    {
        var source = Ads();
        source.InitialFetchTimeout = EnvoyPatience;
        return source;
    }

    /// <summary>A file of the proxy's own machine.</summary>
    public static ConfigSource File(string path) =>
        new() { PathConfigSource = new PathConfigSource { Path = path }, ResourceApiVersion = ApiVersion.V3 };
}
