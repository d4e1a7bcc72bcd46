using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Core;

namespace MeshOrleans.Xds.Translation;

/// <summary>Where a resource that is only named comes from: always the stream it was named on.</summary>
internal static class ConfigSources
{
    /// <summary>The aggregated stream. Zero as fetch timeout: what was named is waited for, never guessed.</summary>
    public static ConfigSource Ads() => new()
    {
        Ads = new AggregatedConfigSource(),
        InitialFetchTimeout = new Duration(),
        ResourceApiVersion = ApiVersion.V3,
    };
}
